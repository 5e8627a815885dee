import { TimeoutError } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { openConnectedTarget } from '../targets/connected-target.ts'
import { platformTimers } from '../timers.ts'
import type { Driver } from '../driver/driver.ts'
import type { PeerSessions } from '../driver/peer-sessions.ts'
import type { Exchange } from '../network/exchange.ts'
import type { ConnectedTarget } from '../targets/connected-target.ts'
import type { Timers } from '../timers.ts'
import type { Logger } from '@libp2p/interface'

/** Which connected clients are asked, and through what. */
export interface ConnectedClientsInit {
  readonly driver: Pick<Driver, 'add' | 'start' | 'remove'>
  readonly sessions: PeerSessions
  /** All are asked; else those that are registered. */
  readonly all: boolean
  /** The peer is a member of the other engine: it is asked there, and not here. */
  isNode (peer: string): boolean
  /** Something can be sent to the peer. */
  wake (peer: string): void
  /** A client's membership ends. */
  leaving? (peer: string): void
  readonly log: Logger
  /** Default: the platform's. */
  readonly timers?: Pick<Timers, 'after'>
}

/**
 * Connected clients as the members of an engine. Each joins when it is connected
 * and registered, and leaves with its connection or its last registration. What
 * it was asked for until then it is told to forget.
 *
 * A peer that the router asks as a node, or one that says that it stands for such,
 * never joins: what one node wants is not asked of another one.
 */
export interface ConnectedClients {
  came (peer: string): void
  gone (peer: string): void
  /** The client is asked from now on, while it is connected. The result takes that back. */
  register (peer: string): () => void
  /** The peer says that it asks for another one. */
  standsFor (peer: string, of: string): void
  /** The peer has become a node, or is one no longer. */
  nodeChanged (peer: string): void
  /** The next message for a peer that is not asked any more. */
  take: Exchange['take']
  /** No client joins any more. */
  stop (): void
}

/** How long a client may take to open a stream, ms. */
const DEFAULT_OPEN_TIMEOUT = 5000

/** One connected peer. */
interface Client {
  /** The peer that it says it stands for. */
  of: string | undefined
  membership: Membership | undefined
  /** Settled when no session is being opened. */
  opening: Promise<void> | undefined
}

/** From when a client is to be asked until it is not. */
interface Membership {
  readonly joining: AbortController
  target: ConnectedTarget | undefined
}

/** Makes the set of clients that are members of the reverse direction, which is empty at first. */
export function createConnectedClients (init: ConnectedClientsInit): ConnectedClients {
  return new JoiningClients(init)
}

class JoiningClients implements ConnectedClients {
  readonly #init: ConnectedClientsInit
  readonly #timers: Pick<Timers, 'after'>
  readonly #connected = new Map<string, Client>()
  /** Registrations of each peer, connected or not. */
  readonly #registered = new Map<string, number>()
  /** Peers that are to forget what they were asked for. */
  readonly #parting = new Set<string>()

  constructor (init: ConnectedClientsInit) {
    this.#init = init
    this.#timers = init.timers ?? platformTimers
  }

  came (peer: string): void {
    this.#connected.set(peer, { of: undefined, membership: undefined, opening: undefined })
    this.#review(peer)
  }

  gone (peer: string): void {
    const client = this.#connected.get(peer)
    this.#connected.delete(peer)
    this.#leave(peer, client)
    this.#parting.delete(peer)
  }

  register (peer: string): () => void {
    let registered = true
    this.#registered.set(peer, (this.#registered.get(peer) ?? 0) + 1)
    this.#review(peer)

    return () => {
      if (registered) {
        registered = false
        this.#unregister(peer)
      }
    }
  }

  standsFor (peer: string, of: string): void {
    const client = this.#connected.get(peer)

    if (client != null) {
      client.of = of
      client.membership?.target?.standsFor(of)
      this.#review(peer)
    }
  }

  nodeChanged (node: string): void {
    this.#review(node)

    for (const [peer, { of }] of this.#connected) {
      if (of === node) {
        this.#review(peer)
      }
    }
  }

  take (peer: string): ReturnType<Exchange['take']> {
    // a list of nothing replaces all that it was asked for
    return this.#parting.delete(peer) ? { full: true } : undefined
  }

  stop (): void {
    for (const { membership } of this.#connected.values()) {
      membership?.joining.abort()
    }

    this.#connected.clear()
  }

  #unregister (peer: string): void {
    const left = (this.#registered.get(peer) ?? 0) - 1

    if (left > 0) {
      this.#registered.set(peer, left)
    } else {
      this.#registered.delete(peer)
      this.#review(peer)
    }
  }

  /** Whether the peer is asked is decided again. */
  #review (peer: string): void {
    const client = this.#connected.get(peer)

    if (client == null) {
      return
    }

    const { all, isNode } = this.#init
    const asked = (all || this.#registered.has(peer)) && !isNode(peer) && (client.of == null || !isNode(client.of))

    if (!asked) {
      this.#leave(peer, client)
    } else if (client.membership == null) {
      this.#join(peer, client)
    }
  }

  #join (peer: string, client: Client): void {
    const membership: Membership = { joining: new AbortController(), target: undefined }
    client.membership = membership
    client.opening = this.#open(peer, client, membership).catch(err => {
      this.#init.log('%s is not asked - %e', peer, err)
    })
  }

  /** It is a member once it can be asked: one that has no bitswap never is. */
  async #open (peer: string, client: Client, membership: Membership): Promise<void> {
    const { driver, sessions } = this.#init
    const { joining } = membership
    // an earlier one may have been given up just now
    await client.opening
    joining.signal.throwIfAborted()
    const cancelTimer = this.#timers.after(DEFAULT_OPEN_TIMEOUT, () => { joining.abort(new TimeoutError('It took too long to open a stream')) })
    let target: ConnectedTarget

    try {
      target = await openConnectedTarget({
        peer: peerIdFromString(peer),
        openPeer: async (...args) => sessions.open(...args),
        signal: joining.signal,
        ended: why => {
          this.#init.log('%s is not asked any more - %e', peer, why)
          this.#end(peer, membership)
        }
      })
    } finally {
      cancelTimer()
    }

    try {
      joining.signal.throwIfAborted()
      driver.add({ id: peer })
    } catch (err) {
      await target.stop()
      throw err
    }

    membership.target = target
    await driver.start(peer, target)

    if (client.of != null) {
      target.standsFor(client.of)
    }
  }

  #leave (peer: string, client: Client | undefined): void {
    const membership = client?.membership

    if (client != null && membership != null) {
      client.membership = undefined
      this.#end(peer, membership)
    }
  }

  #end (peer: string, { joining, target }: Membership): void {
    if (joining.signal.aborted) {
      return
    }

    joining.abort()

    if (target != null) {
      this.#init.leaving?.(peer)
      this.#init.driver.remove(peer).catch(err => { this.#init.log.error('%s could not be removed - %e', peer, err) })
      this.#parting.add(peer)
      this.#init.wake(peer)
    }
  }
}
