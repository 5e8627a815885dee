import type { Haves } from './haves.ts'
import type { LocalClient } from './local/local-client.ts'
import type { ReverseDirection } from './reverse/reverse.ts'
import type { Members } from './router-members.ts'
import type { RouterStatus } from './router-status.ts'
import type { PeerId, Startable } from '@libp2p/interface'

/**
 * A router of wants, as a libp2p service. Its `get`, `getMany` and `has` are those of a
 * client that the process is by itself; `client(id)` makes others.
 */
export interface WantRouter extends Startable, LocalClient {
  /** Some member is up, and the router is not draining. */
  readonly ready: boolean
  /** Bytes of replies that clients have not taken, as in `status()` but at no cost: for a process with many routers, which bounds the sum. */
  readonly unsentBytes: number
  /** A snapshot, for status pages and tests. */
  status (): RouterStatus
  /** Adds, drains, changes and removes members while the router runs. */
  readonly members: Members
  /** The direction in which clients are asked; undefined if there is none. */
  readonly reverse: ReverseDirection | undefined
  /**
   * For how long a client has had no want that is being looked for and nothing to be sent, ms; undefined while
   * it has. For a host with more connections than it wants: an idle one may give way. What no member has is not
   * being looked for; a peer that never asked for anything has been idle for ever.
   */
  idleFor (peer: PeerId): number | undefined
  /**
   * A client within this process, by a unique name: e.g. one for each remote address of an HTTP server. All that have
   * one name are one client. It takes no memory while it wants nothing.
   *
   * @throws {InvalidOptionError} for a name that is empty
   */
  client (id: string): LocalClient
  /**
   * Begins to remember which blocks members have, for a minute each and 65,536 at most, and returns what is remembered;
   * with a `haveMap`, what members list, too. Policies are not asked about it.
   */
  rememberHaves (): Haves
  /**
   * Ends gracefully: `ready` turns false, peers that were not being served are
   * refused, as are new calls of `get`, and the promise resolves when nothing has been on its way for a
   * second and all has been sent, or when the signal aborts. `stop()` is still
   * to be called.
   */
  drain (options?: { signal?: AbortSignal }): Promise<void>
}
