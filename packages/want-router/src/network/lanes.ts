import { createWriter } from './writer.ts'
import type { Writer, WriterInit } from './writer.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection } from '@libp2p/interface'

/** As of one writer: lanes are filled one after the other. */
export type LanesInit = Omit<WriterInit, 'full'>

/**
 * A writer that goes on with a second stream, and a third, where the peer's window
 * for one is all that holds it back.
 *
 * A stream carries no more than its window in a round trip. go-yamux opens 16 MiB,
 * but each time that it doubles a window it keeps to itself what it had given back
 * until then, so that of 16 MiB a sender has 8: at 250 ms no more than 32 MB/s.
 * Bitswap servers that open a stream for each message do not meet that bound, so
 * clients cope with several streams.
 *
 * Only blocks go by the further streams. Wants, and answers of which a later one
 * contradicts an earlier, keep their order on the first.
 */
export function createLanes (init: LanesInit): Writer {
  return new LaneWriter(init)
}

class LaneWriter implements Writer {
  readonly #init: LanesInit
  readonly #writers: Writer[] = []
  /** What the further streams had to send that belongs on the first. */
  readonly #first: Outgoing[] = []
  /** A stream that broke is not tried again, nor are those after it, until the peer connects again. */
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

  surrender (): Outgoing[] {
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
      rested: () => { this.#rested(index) }
    })
  }

  #take (index: number, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined {
    if (index === 0) {
      return this.#first.shift() ?? this.#init.take(maxBytes, protocol)
    }

    // what only the first can send must not pile up here
    if (index >= this.#usable || this.#first.length >= this.#init.limits.maxLanes) {
      return
    }

    return this.#blocksOf(this.#init.take(maxBytes, protocol))
  }

  /** Leaves the rest of a message to the first stream. */
  #blocksOf (message: Outgoing | undefined): Outgoing | undefined {
    const { blocks, ...rest } = message ?? {}

    if (Object.keys(rest).length > 0) {
      this.#first.push(rest)
      this.#writers[0].wake()
    }

    return blocks == null ? undefined : { blocks }
  }

  /** A lane carries no more: the next one goes on. */
  #full (index: number): void {
    const next = index + 1

    if (next < this.#usable) {
      this.#writers[next] ??= this.#createLane(next)
      this.#writers[next].wake()
    }
  }

  #rested (index: number): void {
    const unsent = index === 0 ? [] : this.#writers[index]?.surrender() ?? []

    if (unsent.length > 0) {
      this.#usable = Math.min(this.#usable, index)
      this.#first.push(...unsent)
      this.#writers[0].wake()
    }

    this.#init.rested()
  }
}
