import { MAX_FRAME_LENGTH, messageLength } from '@kitsune/bitswap-codec'
import type { ConnectionState } from './connections.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

/** One use that is made of a network: what listens to its peers, and speaks to them. */
export interface Exchange {
  /** False: it takes no blocks and presences, so those in messages to `receive` are left out. Default true. */
  readonly answers?: boolean
  /**
   * A message has come. A returned promise holds the reading of its stream until
   * it settles; throwing, or rejecting, resets that stream. False says that
   * nothing was waiting for what it brings: it is counted as dropped. `connection`
   * names the one on which it came, as no other of this network is named.
   */
  receive (peer: string, message: BitswapMessage, protocol: BitswapProtocol, connection: number): Promise<void> | false | undefined
  /**
   * Called whenever a message can be sent to the peer, after a `wake`, until it
   * returns nothing. `maxBytes` bounds the message; one bigger block alone may
   * exceed it. It must not call `wake` for the same peer. What it returns, and
   * the blocks in it, must not be written to afterwards: it may be sent again.
   */
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** The peer's first connection has opened. */
  came? (peer: string): void
  /**
   * The state of one of several connections of a peer has changed. What the peer wanted
   * on a `silent` one may be what its former process wanted: it is not worth
   * serving before it is `heard`, or asked for on another, and ends when it is `lost`.
   */
  connection? (peer: string, connection: number, is: ConnectionState): void
  /** The peer's last connection has closed, or it was disconnected: all its state goes. */
  gone (peer: string): void
}

/** About what an entry or a presence takes in a message, bytes. */
const ENTRY = 64

/**
 * Two uses of one network. Each receives every message, and both send in the
 * peer's one writer: a message holds what both have to say, as far as it fits.
 */
export function compose (first: Exchange, second: Exchange): Exchange {
  return new ComposedExchange(first, second)
}

class ComposedExchange implements Exchange {
  readonly answers: boolean
  readonly #first: Exchange
  readonly #second: Exchange
  /** What was taken of the second and did not fit beside the first's, by peer: the next message. */
  readonly #held = new Map<string, Outgoing>()

  constructor (first: Exchange, second: Exchange) {
    this.#first = first
    this.#second = second
    this.answers = first.answers !== false || second.answers !== false
  }

  receive (peer: string, message: BitswapMessage, protocol: BitswapProtocol, connection: number): Promise<void> | false | undefined {
    const first = this.#first.receive(peer, message, protocol, connection)
    const second = this.#second.receive(peer, message, protocol, connection)

    if (first instanceof Promise && second instanceof Promise) {
      return Promise.all([first, second]).then(() => {})
    }

    if (first === false || second instanceof Promise) {
      return second
    }

    return first
  }

  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined {
    const held = this.#held.get(peer)

    if (held != null) {
      this.#held.delete(peer)

      return held
    }

    const first = this.#first.take(peer, maxBytes, protocol)

    if (first == null) {
      return this.#second.take(peer, maxBytes, protocol)
    }

    // at least one thing of each: neither waits until the other has nothing more to say
    const second = this.#second.take(peer, Math.max(1, maxBytes - estimatedLength(first)), protocol)

    if (second == null) {
      return first
    }

    if (messageLength(first, protocol) + messageLength(second, protocol) > MAX_FRAME_LENGTH) {
      this.#held.set(peer, second)

      return first
    }

    return merge(first, second)
  }

  came (peer: string): void {
    this.#first.came?.(peer)
    this.#second.came?.(peer)
  }

  connection (peer: string, connection: number, is: ConnectionState): void {
    this.#first.connection?.(peer, connection, is)
    this.#second.connection?.(peer, connection, is)
  }

  gone (peer: string): void {
    this.#held.delete(peer)
    this.#first.gone(peer)
    this.#second.gone(peer)
  }
}

function estimatedLength ({ wants = [], presences = [], blocks = [] }: Outgoing): number {
  let length = ENTRY * (wants.length + presences.length + blocks.length)

  for (const { data } of blocks) {
    length += data.byteLength
  }

  return length
}

/** No field is there that has nothing to say. */
function merge (first: Outgoing, second: Outgoing): Outgoing {
  const merged = { ...first, ...second }

  if (first.wants != null && second.wants != null) {
    merged.wants = [...first.wants, ...second.wants]
  }

  if (first.blocks != null && second.blocks != null) {
    merged.blocks = [...first.blocks, ...second.blocks]
  }

  if (first.presences != null && second.presences != null) {
    merged.presences = [...first.presences, ...second.presences]
  }

  return merged
}
