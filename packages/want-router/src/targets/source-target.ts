import { checkNames, checkNumbers } from '../check-options.ts'
import { InvalidOptionError } from '../errors.ts'
import { platformTimers } from '../timers.ts'
import { checkCapacity } from './check-capacity.ts'
import { readBatch } from './source-batch.ts'
import { sourceFault } from './source-like.ts'
import { createSourceOffers } from './source-offers.ts'
import { readOne } from './source-read.ts'
import type { SourceLike } from './source-like.ts'
import type { ReadContext, SourceRead } from './source-read.ts'
import type { CancelledWant, Capacity, MemberInit, Sink, Target, TargetInit, TargetWant } from './target.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A block source as a member. */
export interface SourceInit extends MemberInit {
  /**
   * Reads at the same time, and so the blocks that it can hold in memory: a batch of `getMany` is one read. Default 16;
   * 4 for a source that has `getMany`.
   */
  readonly concurrency?: number
  /**
   * What it can be asked for at once. Default four wants for each concurrent read: wants that have to wait
   * are better kept in the router, which divides capacity fairly between clients. A source that has `getMany` gets as many as any member, 512: wants that are asked together are read together.
   */
  readonly capacity?: Partial<Capacity>
  /**
   * A want-have for a block of at most this many bytes is answered with the block, as boxo does: the client would ask for it next. This needs a
   * `stat` that returns the size. Default 1,024; 0: never.
   */
  readonly inlineBlock?: number
  /**
   * How long a batch waits for further wants, ms, and again while some come, up to five times; unless there are as many as the last one had: a
   * client that has some wants open asks for the next one with each block that it gets. Default 0: it does not wait.
   */
  readonly linger?: number
  /** Default: the platform's. */
  readonly timers?: Pick<Timers, 'after'>
}

/** Reads at the same time. */
const DEFAULT_CONCURRENCY = 16
/** Batches at the same time: with fewer batches, each has more wants. */
const DEFAULT_BATCHES = 4
/** Bytes. */
const DEFAULT_INLINE_BLOCK = 1024
/** How often a batch waits while wants come. */
const MAX_LINGERS = 5

/**
 * A block source as a target.
 *
 * A source is not trusted because it is local: its blocks are hashed like any other,
 * and the want for a wrong one times out and is asked elsewhere.
 *
 * @throws {InvalidOptionError} for anything that is not a source, without an `id`, and for an option that does not exist or is invalid
 */
export function source (from: SourceLike, init: SourceInit): TargetInit {
  const { id, weight, labels }: Partial<SourceInit> = init ?? {}

  if (typeof id !== 'string' || id === '') {
    throw new InvalidOptionError('source(from, { id }): id is missing. Give the source a name that no other member has')
  }

  const fault = sourceFault(from)

  if (fault != null) {
    throw new InvalidOptionError(`source "${id}": ${fault}`)
  }

  const batches = from.getMany != null
  const { concurrency = batches ? DEFAULT_BATCHES : DEFAULT_CONCURRENCY, inlineBlock = DEFAULT_INLINE_BLOCK, linger = 0, timers = platformTimers } = init

  const given = checkSourceInit(`source "${id}": `, init)

  // a source keeps no standing wants: it does not send a block that it gets later
  const capacity = { ...(batches ? {} : { wants: 4 * concurrency }), standing: 0, ...given }

  return { id, weight, labels, create: () => new SourceTarget(from, { concurrency, capacity, inlineBlock, linger, timers }) }
}

const OPTIONS: Readonly<Record<keyof SourceInit, true>> = { id: true, weight: true, labels: true, concurrency: true, capacity: true, inlineBlock: true, linger: true, timers: true }

/** Returns the capacity that was given. */
function checkSourceInit (at: string, init: SourceInit): SourceInit['capacity'] {
  checkNames(at, init, Object.keys(OPTIONS))
  const { concurrency, capacity, inlineBlock, linger } = init
  checkNumbers<'concurrency' | 'inlineBlock' | 'linger'>(at, { concurrency, inlineBlock, linger }, { concurrency: true, inlineBlock: true, linger: true }, { orZero: ['inlineBlock', 'linger'] })

  return checkCapacity(at, capacity)
}

/** Reads that have begun together. */
interface Reads {
  readonly reads: ReadonlyMap<WantKey, SourceRead>
  readonly controller: AbortController
}

type SourceTargetInit = Required<Pick<SourceInit, 'concurrency' | 'capacity' | 'inlineBlock' | 'linger' | 'timers'>>

class SourceTarget implements Target {
  readonly offer: Target['offer']
  readonly #source: SourceLike
  readonly #init: SourceTargetInit
  readonly #waiting = new Map<WantKey, TargetWant>()
  /** Those that a batch did not answer: they are read one by one. */
  readonly #alone = new Set<TargetWant>()
  readonly #running = new Set<Reads>()
  readonly #pump = (): void => { this.#pumpNow() }
  #sink: Sink | undefined
  #pumping = false
  /** How many wants the last batch had. */
  #lastSize = Infinity
  /** Ends the wait for further wants; `over` once the wait has ended. */
  #lingering: 'over' | (() => void) | undefined

  constructor (source: SourceLike, init: SourceTargetInit) {
    this.#source = source
    this.#init = init
    this.offer = createSourceOffers(source, why => { this.#sink?.report(why) })
  }

  start (sink: Sink): void {
    this.#sink = sink
    queueMicrotask(() => { this.#sink?.up(this.#init.capacity) })
  }

  /** Reads are aborted but not waited for: one that ignores its signal must not hold up the end. */
  stop (): void {
    this.#sink = undefined
    this.#endLinger()
    this.#waiting.clear()
    this.#alone.clear()

    for (const { controller } of this.#running) {
      controller.abort()
    }
  }

  ask (wants: readonly TargetWant[]): void {
    for (const want of wants) {
      // the last message about a key counts: a want-have becomes a want-block
      this.#waiting.set(want.key, want)
    }

    this.#schedulePump()
  }

  cancel (wants: readonly CancelledWant[]): void {
    for (const { key } of wants) {
      this.#waiting.delete(key)

      for (const { reads, controller } of this.#running) {
        const read = reads.get(key)

        if (read != null) {
          read.cancelled = true
          isOver(reads) && controller.abort()
        }
      }
    }
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

    while (this.#sink != null && this.#running.size < this.#init.concurrency && !this.#lingers()) {
      const wants = this.#next()

      if (wants.length === 0) {
        return
      }

      const running: Reads = { reads: new Map(wants.map(want => [want.key, { want, cancelled: false, answered: false }])), controller: new AbortController() }
      this.#running.add(running)
      this.#serve(running, this.#sink).finally(() => {
        this.#running.delete(running)
        this.#pumpNow()
      })
    }
  }

  /** Whether it is better to wait for further wants. */
  #lingers (): boolean {
    if (this.#init.linger === 0 || this.#waiting.size === 0 || this.#waiting.size >= this.#lastSize || this.#lingering === 'over') {
      return false
    }

    this.#lingering ??= this.#startLinger(MAX_LINGERS)

    return true
  }

  #startLinger (left: number): () => void {
    const { linger, timers } = this.#init
    const before = this.#waiting.size

    return timers.after(linger, () => {
      this.#lingering = this.#waiting.size > before && left > 1 ? this.#startLinger(left - 1) : 'over'
      this.#pumpNow()
    })
  }

  #endLinger (): void {
    typeof this.#lingering === 'function' && this.#lingering()
    this.#lingering = undefined
  }

  /** What is read next: one want, or all wants of its client that can be read with it. */
  #next (): readonly TargetWant[] {
    const [first] = this.#waiting.values()

    if (first == null) {
      return []
    }

    const wants = this.#isBatched(first)
      ? [...this.#waiting.values()].filter(want => want.session === first.session && this.#isBatched(want))
      : [first]

    this.#lastSize = wants.length
    this.#endLinger()

    for (const want of wants) {
      this.#waiting.delete(want.key)
      this.#alone.delete(want)
    }

    return wants
  }

  #isBatched (want: TargetWant): boolean {
    const { getMany, stat, has } = this.#source

    return getMany != null && !this.#alone.has(want) && (want.type === 'block' || (stat == null && has == null))
  }

  /** Never rejects. */
  async #serve ({ reads, controller: { signal } }: Reads, sink: Sink): Promise<void> {
    const context: ReadContext = { source: this.#source, inlineBlock: this.#init.inlineBlock, sink }

    if (reads.size === 1) {
      for (const read of reads.values()) {
        const small = await readOne(context, read, signal)

        // read with others that have been found to be small, unless it was asked for meanwhile
        if (small && !this.#waiting.has(read.want.key)) {
          this.#waiting.set(read.want.key, { ...read.want, type: 'block' })
        }
      }

      return
    }

    const why = await readBatch(context, reads, signal)

    if (why != null) {
      sink.report(why)
    }

    for (const { want, answered, cancelled } of reads.values()) {
      // the batch did not answer these; one that was asked again meanwhile is already waiting
      if (!answered && !cancelled && !this.#waiting.has(want.key)) {
        this.#waiting.set(want.key, want)
        this.#alone.add(want)
      }
    }
  }
}

/** Whether no block of a batch is still wanted. */
function isOver (reads: Reads['reads']): boolean {
  for (const { cancelled, answered } of reads.values()) {
    if (!cancelled && !answered) {
      return false
    }
  }

  return true
}
