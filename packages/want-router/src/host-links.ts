import { createRings } from './rings.ts'
import { announce, hear } from './stands-for.ts'
import type { Driver } from './driver/driver.ts'
import type { PeerSessions } from './driver/peer-sessions.ts'
import type { NetworkComponents } from './network/components.ts'
import type { Reverse } from './reverse/reverse.ts'
import type { Libp2p, Logger, PeerId } from '@libp2p/interface'

interface HostLinksInit {
  /** The host that faces upstream. */
  readonly components: Pick<NetworkComponents, 'registrar' | 'events'> & { readonly peerId: PeerId }
  /** The one that faces downstream, if it is another. */
  readonly downstream: Libp2p | undefined
  /** Whether other routers are told anything. */
  readonly told: boolean
  readonly driver: Pick<Driver, 'standsFor'>
  readonly sessions: Pick<PeerSessions, 'has' | 'end'>
  /** The other direction, if there are two. */
  readonly reverse: Reverse | undefined
  readonly log: Logger
}

/** What routers tell each other beside bitswap: which peer a host stands for, and which routers they ask. */
export interface HostLinks {
  start (): Promise<void>
  stop (): Promise<void>
  /** A peer has become a member, or is none any more. */
  memberChanged (peer: string): void
  /**
   * For a peer that led back here when it was last heard of: resolves once it is known whether it still does.
   *
   * @throws {InvalidOptionError} it does
   */
  expectNoRing (peer: string, signal: AbortSignal): Promise<void>
}

/** Makes the links of a router that has not started. */
export function createHostLinks ({ components, downstream, told, driver, sessions, reverse, log }: HostLinksInit): HostLinks {
  const { peerId, events, registrar } = components
  const self = peerId.toString()
  const rings = told
    ? createRings({
      self,
      registrar,
      events: downstream ?? events,
      isMember: peer => sessions.has(peer),
      found: (peer, error) => { sessions.end(peer, error) },
      log
    })
    : undefined
  // undone in this order
  const undo: Array<() => void | Promise<void>> = []

  return {
    async start () {
      undo.push(hear(events, (peer, of) => {
        driver.standsFor(peer, of)
        reverse?.clients.standsFor(peer, of)
      }))

      if (reverse != null) {
        undo.push(hear(downstream ?? events, (peer, of) => { reverse.driver.standsFor(peer, of) }))
      }

      if (downstream != null && told) {
        undo.push(await announce(downstream, self))
      }

      await rings?.start()
    },

    async stop () {
      for (const step of undo.splice(0)) {
        await step()
      }

      await rings?.stop()
    },

    memberChanged (peer) { rings?.memberChanged(peer) },

    async expectNoRing (peer, signal) { await rings?.expectNone(peer, signal) }
  }
}
