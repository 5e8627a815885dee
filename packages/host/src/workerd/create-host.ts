import { createHost as createHostOn } from '../create-host.ts'
import { createEndOfTick } from '../end-of-tick.ts'
import { leanNoise } from '../lean-noise.ts'
import { createWarnMissing } from '../warn.ts'
import { createWorkShares } from '../work-shares.ts'
import { createNoiseCrypto } from './noise-crypto.ts'
import { ownLocks } from './own-locks.ts'
import { createSockets } from './sockets.ts'
import { boundUnread } from './unread.ts'
import type { Sockets } from './sockets.ts'
import type { EndOfTick } from '../end-of-tick.ts'
import type { HostInit, HostServices } from '../host-options.ts'
import type { Libp2p } from '@libp2p/interface'

/** Options of a host in a Worker, which does not listen. */
export type WorkerdHostInit<S extends Record<string, unknown> = Record<never, unknown>> = Omit<HostInit<S>, 'listen' | 'connectionProtector' | 'trustedProxies'> & {
  /** Pass the one of a router on this host; never share it with another request. Default: a new one. */
  readonly endOfTick?: EndOfTick
}

/** A host in a Worker. */
export interface WorkerdHost<S extends Record<string, unknown>> extends Pick<Sockets, 'accept'> {
  readonly libp2p: Libp2p<HostServices & S>
}

/** Never announced. libp2p only creates a listener if it has an address. */
const NOWHERE = '/ip4/127.0.0.1/tcp/443/ws'

/**
 * Creates a host for one request of a Worker: its connections are the WebSockets that are passed to `accept`, over which it speaks noise
 * and yamux. It is not started. Create one for each request that upgrades to a WebSocket, since a request must not wait for the work of
 * another one, and stop it when the connection ends.
 *
 * @throws {InvalidOptionError} a limit does not exist or is out of range
 */
export async function createHost <S extends Record<string, unknown> = Record<never, unknown>> ({ endOfTick = createEndOfTick(), ...init }: WorkerdHostInit<S>): Promise<WorkerdHost<S>> {
  const sockets = createSockets()
  const libp2p = await createHostOn<S>((_, warnMissing) => ({
    transports: [sockets.transport],
    connectionEncrypters: [leanNoise(createNoiseCrypto(), warnMissing, endOfTick)],
    // pings of yamux bound the memory for peers that do not read, and mplex has no pings
    mplex: false,
    changeYamux: create => boundUnread(create, warnMissing),
    // a pass that one request has scheduled must not run the work of another one, and ends when that request ends
    shares: createWorkShares()
  }), { ...init, listen: [NOWHERE] })

  ownLocks(libp2p, createWarnMissing(init.warn))

  return { libp2p, accept: sockets.accept }
}
