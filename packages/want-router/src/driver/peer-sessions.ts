import { capabilities, multihashKey, wantKey } from '@kitsune/bitswap-codec'
import { InvalidOptionError } from '../errors.ts'
import { platformTimers } from '../timers.ts'
import { createWantlistSize } from './wantlist-size.ts'
import type { Timers } from '../timers.ts'
import type { Asked, WantlistSize } from './wantlist-size.ts'
import type { LocatedPeer, PeerSession, PeerSessionHandlers, WantlistLimit } from '../targets/target.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What sessions need of the side that faces downstream. */
export interface DownstreamPort {
  /** Resolves with the protocol that wants will travel in. */
  connect (peer: PeerId, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<BitswapProtocol>
  disconnect (peer: string): void
  wake (peer: string): void
}

/**
 * The wants that are to be sent to downstream peers, and the way back of their
 * answers. A session belongs to one target; a peer has at most one.
 */
export interface PeerSessions {
  open (located: LocatedPeer, handlers: PeerSessionHandlers, signal: AbortSignal, limit?: WantlistLimit): Promise<PeerSession>
  /** False if it brings something and no session is open to that peer. */
  message (peer: string, message: BitswapMessage): Promise<void> | false | undefined
  gone (peer: string): void
  /** The next wantlist message for a peer. */
  take (peer: string): Outgoing | undefined
}

interface Session {
  readonly handlers: PeerSessionHandlers
  /** Unsent entries of the wantlist by their CID; the last word about each counts. */
  readonly pending: Map<string, Asked>
  /** To be asked in messages of their own, before all else. */
  readonly alone: Asked[]
  /** Undefined where the peer's silence may be an answer. */
  size: WantlistSize | undefined
  /** Entries that a message may have. */
  most: number
}

// a wantlist message stays near 50 KiB
const MAX_ENTRIES = 1024
// a block this small that lies in a frame this large is copied, else it would keep all of it in memory
const SMALL_BLOCK = 4096
const LARGE_FRAME = 65_536

export interface PeerSessionsInit {
  /** Peer ids that are the router itself: no session leads to them. */
  readonly own?: ReadonlySet<string>
  /** Default: the platform's. */
  readonly timers?: Pick<Timers, 'now' | 'after'>
}

export function createPeerSessions (port: DownstreamPort, { own = new Set(), timers = platformTimers }: PeerSessionsInit = {}): PeerSessions {
  const sessions = new Map<string, Session>()

  /** Watches over the size of the messages to a peer. */
  function sizeOf (id: string, session: Session, limit: WantlistLimit): WantlistSize {
    return createWantlistSize({
      most: session.most,
      timers,
      probe (asked) {
        session.alone.push(asked)
        port.wake(id)
      },
      again (asked) {
        for (const one of asked) {
          const cid = cidKey(one.entry.cid)
          if (!session.pending.has(cid)) {
            session.pending.set(cid, one)
          }
        }
        port.wake(id)
      },
      learned (most) {
        session.most = most
        limit.learned?.(most)
      }
    })
  }

  return {
    async open ({ peer, addresses }, handlers, signal, limit = {}) {
      const id = peer.toString()
      if (own.has(id)) {
        throw ownPeer('this node', id)
      }
      if (sessions.has(id)) {
        throw new InvalidOptionError(`two targets lead to the same peer ${id}: remove one of them from the configuration`)
      }
      const session: Session = { handlers, pending: new Map(), alone: [], size: undefined, most: Math.min(limit.entries ?? MAX_ENTRIES, MAX_ENTRIES) }
      sessions.set(id, session)
      let protocol: BitswapProtocol
      try {
        protocol = await port.connect(peer, addresses, signal)
      } catch (err) {
        if (sessions.get(id) === session) {
          sessions.delete(id)
        }
        throw err
      }

      const { presences: denies } = capabilities(protocol)
      if (denies) {
        session.size = sizeOf(id, session, limit)
      }

      return {
        denies,
        ask (wants) {
          for (const { key, cid, type, priority } of wants) {
            session.size?.forget(key)
            session.pending.set(cidKey(cid), { key, entry: { cid, priority, cancel: false, wantType: type, sendDontHave: true } })
          }
          port.wake(id)
        },
        cancel (wants) {
          for (const { key, cid } of wants) {
            session.size?.forget(key)
            session.pending.set(cidKey(cid), { key, entry: { cid, priority: 0, cancel: true, wantType: 'block', sendDontHave: false } })
          }
          port.wake(id)
        },
        close () {
          session.size?.stop()
          if (sessions.get(id) === session) {
            sessions.delete(id)
            port.disconnect(id)
          }
        }
      }
    },

    message (peer, { blocks, presences, pendingBytes }) {
      const session = sessions.get(peer)
      if (session == null) {
        // blocks nobody asked for are not even hashed
        return blocks.length + presences.length > 0 ? false : undefined
      }
      const { handlers, size } = session
      let waiting: Array<Promise<void>> | undefined
      for (const { prefix, data } of blocks) {
        const bytes = data.byteLength <= SMALL_BLOCK && data.buffer.byteLength > LARGE_FRAME ? data.slice() : data
        const verified = handlers.block(prefix, bytes, size?.answered)
        if (verified != null) {
          (waiting ??= []).push(verified)
        }
      }
      for (const { cid, have } of presences) {
        const key = wantKey(cid)
        if (key != null) {
          size?.answered(key)
          handlers.presence(key, have)
        }
      }
      if (pendingBytes > 0) {
        handlers.load(pendingBytes)
      }
      if (waiting != null) {
        return Promise.all(waiting).then(() => {})
      }
    },

    gone (peer) {
      const session = sessions.get(peer)
      if (session != null) {
        sessions.delete(peer)
        session.size?.stop()
        session.handlers.closed()
      }
    },

    take (peer) {
      const session = sessions.get(peer)
      if (session == null) {
        return
      }
      const alone = session.alone.shift()
      if (alone != null) {
        return { wants: [alone.entry] }
      }
      if (session.pending.size === 0) {
        return
      }
      const taken = takeUpTo(session.most, session.pending)
      session.size?.sent(taken.filter(({ entry }) => !entry.cancel))
      return { wants: taken.map(({ entry }) => entry) }
    }
  }
}

function takeUpTo (most: number, pending: Map<string, Asked>): Asked[] {
  if (pending.size <= most) {
    const all = [...pending.values()]
    pending.clear()
    return all
  }
  const some: Asked[] = []
  for (const [key, asked] of pending) {
    pending.delete(key)
    some.push(asked)
    if (some.length === most) {
      break
    }
  }
  return some
}

/** A router that asks itself finds what it is asked for nowhere, and asks for ever. */
export function ownPeer (what: string, id: string): InvalidOptionError {
  return new InvalidOptionError(`${what} is the router itself, by its own peer id ${id}, and is never asked: remove it from the configuration`)
}

/** Nodes keep wants by CID, so the cancel of a CIDv0 and the ask for the CIDv1 of the same block are two entries. */
function cidKey (cid: Uint8Array): string {
  return multihashKey(cid) // not a multihash, but as good a key
}
