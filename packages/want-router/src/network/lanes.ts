import { createWriter } from './writer.ts'
import type { Writer, WriterInit } from './writer.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection } from '@libp2p/interface'

/** What lanes are made with. */
export type LanesInit = Omit<WriterInit, 'full'>

/**
 * Makes a writer with several lanes: one stream, and further ones while the peer's window
 * is all that bounds a stream.
 *
 * A stream carries no more than its window in a round trip. go-yamux opens up to 16 MiB,
 * but each time that it doubles a window it withholds what it had given back until then,
 * so that a sender has 8 of 16 MiB: at 250 ms no more than 32 MB/s. Clients cope with
 * several streams, since other bitswap servers open one for each message.
 *
 * The further streams carry only blocks. Wants, and answers that a later one may
 * contradict, keep their order on the first stream.
 */
export function createLanes (init: LanesInit): Writer {
  return new LaneWriter(init)
}

class LaneWriter implements Writer {
  readonly #init: LanesInit
  readonly #writers: Writer[] = []
  /** Messages that further lanes have taken, and that only the first may send. */
  readonly #first: Outgoing[] = []
  /**
   * The lanes before this index may be used. After a lane's stream has broken, neither it nor later ones are
   * used until the peer connects again.
   */
  #usable: number

  constructor (init: LanesInit) {
    this.#init = init
    this.#usable = init.limits.maxLanes
    this.#writers.push(this.#createLane(0))
  }

  get connection (): Connection | undefined {
    return this.#writers[0].connection
  }

  get busy (): boolean {
    return this.#first.length > 0 || this.#writers.some(({ busy }) => busy)
  }

  get isSpare (): boolean {
    return this.#first.length === 0 && this.#usable === this.#init.limits.maxLanes && this.#writers.every(({ isSpare }) => isSpare)
  }

  wake (): void {
    this.#writers[0].wake()
  }

  greet (): void {
    this.#writers[0].greet()
  }

  async open (signal: AbortSignal): Promise<BitswapProtocol> {
    return this.#writers[0].open(signal)
  }

  connected (): void {
    this.#usable = this.#init.limits.maxLanes
    this.#writers.forEach(writer => { writer.connected() })
  }

  moved (): void {
    this.#writers.forEach(writer => { writer.moved() })
    this.#usable = this.#init.limits.maxLanes
  }

  stuck (connection: Connection): number {
    return Math.max(...this.#writers.map(writer => writer.stuck(connection)))
  }

  takeResends (): Outgoing[] {
    return []
  }

  tick (): boolean {
    return false
  }

  stop (error: Error): void {
    this.#first.length = 0
    this.#writers.forEach(writer => { writer.stop(error) })
  }

  async close (signal: AbortSignal): Promise<void> {
    await Promise.all(this.#writers.map(async writer => writer.close(signal)))
  }

  #createLane (index: number): Writer {
    return createWriter({
      ...this.#init,
      take: (maxBytes, protocol) => this.#take(index, maxBytes, protocol),
      full: () => { this.#full(index) },
      mayBeIdle: () => { this.#mayBeIdle(index) }
    })
  }

  #take (index: number, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined {
    if (index === 0) {
      return this.#first.shift() ?? this.#init.take(maxBytes, protocol)
    }

    // bounds the messages that wait for the first lane
    if (index >= this.#usable || this.#first.length >= this.#init.limits.maxLanes) {
      return
    }

    return this.#blocksOf(this.#init.take(maxBytes, protocol))
  }

  /** Takes the blocks out of a message, and leaves the rest to the first lane. */
  #blocksOf (message: Outgoing | undefined): Outgoing | undefined {
    const { blocks, ...rest } = message ?? {}

    if (Object.keys(rest).length > 0) {
      this.#first.push(rest)
      this.#writers[0].wake()
    }

    return blocks == null ? undefined : { blocks }
  }

  /** A lane carries as much as its window allows: the next one begins to send. */
  #full (index: number): void {
    const next = index + 1

    if (next < this.#usable) {
      this.#writers[next] ??= this.#createLane(next)
      this.#writers[next].wake()
    }
  }

  #mayBeIdle (index: number): void {
    const unsent = index === 0 ? [] : this.#writers[index]?.takeResends() ?? []

    if (unsent.length > 0) {
      this.#usable = Math.min(this.#usable, index)
      this.#first.push(...unsent)
      this.#writers[0].wake()
    }

    this.#init.mayBeIdle()
  }
}
