import { cidPrefix, decodeCid } from '@kitsune/bitswap-codec'
import { InvalidOptionError } from '../errors.ts'
import { readBlock } from './block-bytes.ts'
import type { BlockBytes } from './block-bytes.ts'
import type { CancelledWant, Capacity, MemberInit, Sink, Target, TargetInit, TargetWant } from './target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/** What a read is told. */
export interface SourceReadOptions {
  /** Aborts when the block is no longer wanted. A read that ignores it keeps its place among the concurrent ones. */
  readonly signal: AbortSignal
  /** Groups the wants of one client: an index may remember what it has been reading. */
  readonly session: string
}

/**
 * Anything that has blocks: `get` is enough. A block source of Kitsune fits, and
 * so does an `interface-blockstore`.
 */
export interface SourceLike {
  /** Whether a miss is certain: false for a cache or a partial index. Default true. */
  readonly complete?: boolean
  /**
   * The block's bytes, whole or in pieces. A miss is `undefined` or an error
   * named `NotFoundError`; any other error is a failure of the source.
   */
  get (cid: CID, options: SourceReadOptions): BlockBytes | undefined | Promise<BlockBytes | undefined>
  /** Answers want-haves without reading the block; `undefined` is a miss. */
  stat? (cid: CID, options: SourceReadOptions): Promise<object | undefined>
  /** Answers want-haves if there is no `stat`. */
  has? (cid: CID, options: SourceReadOptions): boolean | Promise<boolean>
}

/** A block source as a member. */
export interface SourceInit extends MemberInit {
  /** Reads at the same time, and so the blocks that it can hold in memory. Default 16. */
  readonly concurrency?: number
  /** What it can be asked for at once. Default four wants for each concurrent read: what waits is better kept where it is divided fairly between peers. */
  readonly capacity?: Partial<Capacity>
}

/** Reads at the same time. */
const DEFAULT_CONCURRENCY = 16

/**
 * A block source as a target.
 *
 * A source is not verified by being ours: its blocks are hashed like any other,
 * and a wrong one leaves its want to time out and be asked elsewhere.
 *
 * @throws {InvalidOptionError} if `concurrency` is not a whole number above 0
 */
export function source (from: SourceLike, init: SourceInit): TargetInit {
  const { id, weight, labels, concurrency = DEFAULT_CONCURRENCY } = init

  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new InvalidOptionError(`source "${id}": concurrency is a whole number above 0, not ${concurrency}`)
  }

  // nothing stays listed at a source: a block that it gains does not come by itself
  const capacity = { wants: 4 * concurrency, standing: 0, ...init.capacity }

  return { id, weight, labels, create: () => new SourceTarget(from, concurrency, capacity) }
}

/** A read that has begun. */
interface Read {
  readonly want: TargetWant
  readonly controller: AbortController
}

class SourceTarget implements Target {
  readonly #source: SourceLike
  readonly #concurrency: number
  readonly #capacity: Partial<Capacity>
  readonly #waiting = new Map<WantKey, TargetWant>()
  readonly #reads = new Set<Read>()
  readonly #pump = (): void => { this.#pumpNow() }
  #sink: Sink | undefined
  #pumping = false

  constructor (source: SourceLike, concurrency: number, capacity: Partial<Capacity>) {
    this.#source = source
    this.#concurrency = concurrency
    this.#capacity = capacity
  }

  start (sink: Sink): void {
    this.#sink = sink
    queueMicrotask(() => { this.#sink?.up(this.#capacity) })
  }

  /** Reads are aborted but not waited for: one that ignores its signal must not hold up the end. */
  stop (): void {
    this.#sink = undefined
    this.#waiting.clear()
    this.#abortReads(() => true)
  }

  ask (wants: readonly TargetWant[]): void {
    for (const want of wants) {
      // the last word about a key counts: a have becomes a block
      this.#waiting.set(want.key, want)
    }

    this.#schedulePump()
  }

  cancel (wants: readonly CancelledWant[]): void {
    const keys = new Set(wants.map(({ key }) => key))

    for (const key of keys) {
      this.#waiting.delete(key)
    }

    this.#abortReads(({ want }) => keys.has(want.key))
  }

  /** At the end of the synchronous part of the tick, so that the sink is never reached from inside ask. */
  #schedulePump (): void {
    if (!this.#pumping) {
      this.#pumping = true
      queueMicrotask(this.#pump)
    }
  }

  /** Begins as many reads as may run at the same time. */
  #pumpNow (): void {
    this.#pumping = false

    for (const [key, want] of this.#waiting) {
      if (this.#sink == null || this.#reads.size >= this.#concurrency) {
        return
      }

      this.#waiting.delete(key)
      const read: Read = { want, controller: new AbortController() }
      this.#reads.add(read)
      this.#serve(read, this.#sink).finally(() => {
        this.#reads.delete(read)
        this.#pumpNow()
      })
    }
  }

  /** Never rejects. */
  async #serve ({ want, controller: { signal } }: Read, sink: Sink): Promise<void> {
    const { key, session } = want

    try {
      const cid = decodeCid(want.cid)

      if (cid == null) {
        sink.answer(key, 'unknown')
        return
      }

      const answer = await this.#look(cid, want, { signal, session })

      if (signal.aborted) {
        return
      }

      if (answer instanceof Uint8Array) {
        // the next read waits until the router has taken this block
        await sink.block(cidPrefix(want.cid), answer)
      } else {
        sink.answer(key, answer)
      }
    } catch (err) {
      if (!signal.aborted) {
        sink.answer(key, 'failed', err instanceof Error ? err : new Error(String(err)))
      }
    }
  }

  async #look (cid: CID, { type }: TargetWant, options: SourceReadOptions): Promise<Uint8Array | 'have' | 'dont-have' | 'unknown'> {
    const source = this.#source
    const miss = source.complete === false ? 'unknown' : 'dont-have'

    try {
      if (type === 'have' && source.stat != null) {
        return await source.stat(cid, options) == null ? miss : 'have'
      }

      if (type === 'have' && source.has != null) {
        return await source.has(cid, options) ? 'have' : miss
      }

      const found = await source.get(cid, options)

      if (found == null) {
        return miss
      }

      const bytes = await readBlock(found)

      return type === 'have' ? 'have' : bytes
    } catch (err) {
      if (isNotFound(err)) {
        return miss
      }

      throw err
    }
  }

  #abortReads (concerned: (read: Read) => boolean): void {
    for (const read of this.#reads) {
      if (concerned(read)) {
        read.controller.abort()
      }
    }
  }
}

/** By name, since every package has a class of its own; `code` is how older stores say it. */
function isNotFound (err: unknown): boolean {
  return err instanceof Error && (err.name === 'NotFoundError' || ('code' in err && err.code === 'ERR_NOT_FOUND'))
}
