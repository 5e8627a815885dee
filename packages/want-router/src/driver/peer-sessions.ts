import { capabilities, wantKey } from '@kitsune/bitswap-codec'
import { InvalidOptionError } from '../errors.ts'
import { platformTimers } from '../timers.ts'
import { createWantQueue } from './want-queue.ts'
import type { Timers } from '../timers.ts'
import type { WantQueue } from './want-queue.ts'
import type { CancelledWant, LocatedPeer, PeerSession, PeerSessionHandlers, TargetWant, WantlistLimit } from '../targets/target.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { PeerId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** What peer sessions need of the side that faces downstream. */
export interface DownstreamPort {
  /** Resolves with the protocol in which wants will be sent. */
  connect (peer: PeerId, addresses: readonly Multiaddr[], signal: AbortSignal): Promise<BitswapProtocol>
  disconnect (peer: string): void
  wake (peer: string): void
}

/**
 * Sends wants to downstream peers and passes their answers to targets. A session belongs
 * to one target; a peer has at most one.
 */
export interface PeerSessions {
  open (located: LocatedPeer, handlers: PeerSessionHandlers, signal: AbortSignal, limit?: WantlistLimit): Promise<PeerSession>
  /** Passes a message of a peer to its session; false: it has blocks or presences, and no session is open to the peer. */
  message (peer: string, message: BitswapMessage): Promise<void> | false | undefined
  gone (peer: string): void
  /** Has the session to a peer end, for that reason. */
  end (peer: string, why: Error): void
  /** Whether there is a session to the peer, or one is being opened. */
  has (peer: string): boolean
  /** The next wantlist message for a peer. */
  take (peer: string): Outgoing | undefined
}

/** What peer sessions are made with. */
export interface PeerSessionsInit {
  /** Peer ids of the router itself: no session to them can be opened. */
  readonly own?: ReadonlySet<string>
  /** Default: the platform's. */
  readonly timers?: Pick<Timers, 'now' | 'after'>
  /** Called when a session to the peer is being opened, or has ended. */
  changed? (peer: string): void
  /** Called when a peer is connected; rejects if no session to it may be opened. */
  check? (peer: string, signal: AbortSignal): Promise<void>
}

/** A block this small that lies in a frame this large is copied, because it would otherwise keep the whole frame in memory; bytes. */
const SMALL_BLOCK = 4096
const LARGE_FRAME = 65_536

/** Makes peer sessions over a network; none is open yet. */
export function createPeerSessions (port: DownstreamPort, init: PeerSessionsInit = {}): PeerSessions {
  return new DownstreamSessions(port, init)
}

/** A session, from the call of `open` until it ends. */
interface Session {
  readonly handlers: PeerSessionHandlers
  readonly queue: WantQueue
}

class DownstreamSessions implements PeerSessions {
  readonly #port: DownstreamPort
  readonly #own: ReadonlySet<string>
  readonly #timers: Pick<Timers, 'now' | 'after'>
  readonly #changed: PeerSessionsInit['changed']
  readonly #check: PeerSessionsInit['check']
  readonly #sessions = new Map<string, Session>()

  constructor (port: DownstreamPort, { own = new Set(), timers = platformTimers, changed, check }: PeerSessionsInit) {
    this.#port = port
    this.#check = check
    this.#changed = changed
    this.#own = own
    this.#timers = timers
  }

  async open ({ peer, addresses }: LocatedPeer, handlers: PeerSessionHandlers, signal: AbortSignal, limit: WantlistLimit = {}): Promise<PeerSession> {
    const id = peer.toString()

    if (this.#own.has(id)) {
      throw ownPeer('this node', id)
    }

    if (this.#sessions.has(id)) {
      throw new InvalidOptionError(`two targets lead to the same peer ${id}: remove one of them from the configuration`)
    }

    const queue = createWantQueue({ limit, timers: this.#timers, wake: () => { this.#port.wake(id) } })
    const session: Session = { handlers, queue }
    this.#sessions.set(id, session)
    this.#changed?.(id)

    try {
      const { presences: supportsDontHave } = capabilities(await this.#port.connect(peer, addresses, signal))
      await this.#check?.(id, signal)

      if (supportsDontHave) {
        // only then: in older protocols, silence is an answer
        queue.watchSize()
      }

      return { supportsDontHave, ...this.#sessionOf(id, session) }
    } catch (err) {
      this.#end(id, session)
      throw err
    }
  }

  message (peer: string, { blocks, presences, pendingBytes }: BitswapMessage): Promise<void> | false | undefined {
    const session = this.#sessions.get(peer)

    if (session == null) {
      // unsolicited blocks are not even hashed
      return blocks.length + presences.length > 0 ? false : undefined
    }

    const { handlers, queue } = session
    let waiting: Array<Promise<void>> | undefined

    for (const { prefix, data } of blocks) {
      const bytes = data.byteLength <= SMALL_BLOCK && data.buffer.byteLength > LARGE_FRAME ? data.slice() : data
      const verified = handlers.block(prefix, bytes, queue.answered)

      if (verified != null) {
        (waiting ??= []).push(verified)
      }
    }

    for (const { cid, have } of presences) {
      const key = wantKey(cid)

      if (key != null) {
        queue.answered?.(key)
        handlers.presence(key, have)
      }
    }

    if (pendingBytes > 0) {
      handlers.load(pendingBytes)
    }

    if (waiting != null) {
      return Promise.all(waiting).then(() => {})
    }
  }

  gone (peer: string): void {
    const session = this.#sessions.get(peer)

    if (session != null) {
      this.#end(peer, session)
      session.handlers.closed()
    }
  }

  end (peer: string, why: Error): void {
    this.#sessions.get(peer)?.handlers.closed(why)
  }

  has (peer: string): boolean {
    return this.#sessions.has(peer)
  }

  take (peer: string): Outgoing | undefined {
    return this.#sessions.get(peer)?.queue.take()
  }

  /** Ends a session; false: it is not the peer's session any more. */
  #end (id: string, session: Session): boolean {
    session.queue.stop()

    if (this.#sessions.get(id) !== session) {
      return false
    }

    this.#sessions.delete(id)
    this.#changed?.(id)

    return true
  }

  #sessionOf (id: string, session: Session): Omit<PeerSession, 'supportsDontHave'> {
    const { queue } = session

    return {
      ask: (wants: readonly TargetWant[]) => {
        queue.enqueue(wants)
        this.#port.wake(id)
      },
      cancel: (wants: readonly CancelledWant[]) => {
        queue.enqueueCancels(wants)
        this.#port.wake(id)
      },
      close: () => {
        if (this.#end(id, session)) {
          this.#port.disconnect(id)
        }
      }
    }
  }
}

/** Makes the error for a target that is the router itself: it would ask itself for ever. */
export function ownPeer (what: string, id: string): InvalidOptionError {
  return new InvalidOptionError(`${what} is the router itself, by its own peer id ${id}, and is never asked: remove it from the configuration`)
}
