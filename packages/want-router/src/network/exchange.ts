import { MAX_FRAME_LENGTH, messageLength } from '@kitsune/bitswap-codec'
import type { ConnectionState } from './connections.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'

/** A user of a network: receives the messages of its peers, and sends them messages. */
export interface Exchange {
  /** Whether it takes blocks and presences; if not, they are left out of messages to `receive`. Default: true. */
  readonly answers?: boolean
  /**
   * A message has arrived. While a returned promise is pending, its stream is not read;
   * if this throws or rejects, its stream is reset. False: nothing was waiting for its
   * content, so it is counted as dropped. `connection` is the number of the connection
   * that it arrived on, unique in this network.
   */
  receive (peer: string, message: BitswapMessage, protocol: BitswapProtocol, connection: number): Promise<void> | false | undefined
  /**
   * Called whenever a message can be sent to the peer, after a `wake`, until it returns
   * undefined. `maxBytes` bounds the message; a single larger block may exceed it. It
   * must not call `wake` for the same peer. The message and its blocks must not be
   * modified afterwards: they may be sent again.
   */
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** The peer's first connection has opened. */
  came? (peer: string): void
  /**
   * The state of one of a peer's several connections has changed. Wants that came on a
   * `silent` connection may be those of a former process of the peer: they need not be
   * served until the connection is `heard`, or until the peer repeats them on another,
   * and they end when it is `lost`.
   */
  connection? (peer: string, connection: number, is: ConnectionState): void
  /** The peer's last connection has closed, or the peer was disconnected: all its state can be dropped. */
  gone (peer: string): void
}

/** The approximate size of an entry or a presence in a message, bytes. */
const ENTRY = 64

/**
 * Makes one exchange of two that use the same network. Each receives every message, and
 * both send through the peer's one writer: a message has content of both, as far as it
 * fits.
 */
export function compose (first: Exchange, second: Exchange): Exchange {
  return new ComposedExchange(first, second)
}

class ComposedExchange implements Exchange {
  readonly answers: boolean
  readonly #first: Exchange
  readonly #second: Exchange
  /** By peer, a message of the second that did not fit beside one of the first: it is sent next. */
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

    // at least one item of each, so that neither waits until the other has nothing more to send
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

/** Joins two messages; fields that neither has stay undefined. */
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
