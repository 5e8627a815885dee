import { cidPrefix } from '@kitsune/bitswap-codec'
import type { FakeBlock } from './fake-block.ts'
import type { CancelledWant, Capacity, MemberInit, Sink, Target, TargetInit, TargetWant } from '../targets/target.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/**
 * What a fake target does about a want: `wrong` brings bytes that do not hash to
 * the CID, `nothing` leaves it open until it is cancelled, `death` takes the
 * target down.
 */
export type FakeAnswer = 'block' | 'have' | 'dont-have' | 'unknown' | 'failed' | 'wrong' | 'nothing' | 'death'

/** One answer, and when it comes. */
export interface FakeReply {
  /** Default: the truth. */
  readonly says?: FakeAnswer
  /** ms after being asked. Default: the target's `latency`. */
  readonly after?: number
}

/** What a fake target has, and how it answers. */
export interface FakeTargetInit extends MemberInit {
  /** The clock that it runs on, e.g. a `fakeClock()`. */
  readonly timers: Pick<Timers, 'after'>
  /** The blocks that it has at first. Default: none. */
  readonly blocks?: Iterable<FakeBlock>
  /** ms from being asked to answering. Default 1 */
  readonly latency?: number
  /** What it reports about itself when it comes up. */
  readonly capacity?: Partial<Capacity>
  /**
   * The script: how it answers a want. `index` counts the wants that it was asked,
   * from 0. Default, and where it returns undefined: the truth.
   */
  reply? (want: TargetWant, index: number): FakeAnswer | FakeReply | undefined
}

/** A target that a test controls. It is its own {@link TargetInit}, so it can be passed to a router. */
export interface FakeTarget extends Target, TargetInit {
  /** ms from being asked to answering. */
  latency: number
  /** All wants that it was ever asked, in order. */
  readonly asked: readonly TargetWant[]
  /** All cancels, in order. */
  readonly cancelled: readonly CancelledWant[]
  /** The wants that it has not answered yet. */
  readonly open: ReadonlyMap<WantKey, TargetWant>
  /** From now on it has the block. */
  add (block: FakeBlock): void
  /** From now on it does not have the block. */
  remove (block: FakeBlock): void
  /** Goes down, and forgets what it was asked. It must not be called from inside `ask`. */
  die (why?: Error): void
  /** Is up again. */
  revive (): void
}

/**
 * A target without a network: it answers on a clock that the test moves, the
 * truth unless its script says otherwise.
 *
 * @example A node that is slow, does not have the second block, and dies at the third want.
 *
 * ```ts
 * import { fakeBlock, fakeClock, fakeTarget } from '@kitsune/want-router/testing'
 *
 * const clock = fakeClock()
 * const script = ['block', 'dont-have', 'death'] as const
 * const node = fakeTarget({
 *   id: 'slow',
 *   timers: clock,
 *   latency: 200,
 *   blocks: [await fakeBlock('hello')],
 *   reply: (want, index) => script[index]
 * })
 * ```
 */
export function fakeTarget (init: FakeTargetInit): FakeTarget {
  return new ScriptedTarget(init)
}

class ScriptedTarget implements FakeTarget {
  readonly id: string
  readonly weight: number | undefined
  readonly labels: FakeTargetInit['labels']
  readonly asked: TargetWant[] = []
  readonly cancelled: CancelledWant[] = []
  readonly open = new Map<WantKey, TargetWant>()
  readonly #init: FakeTargetInit
  readonly #blocks: Map<WantKey, Uint8Array>
  readonly #timeouts = new Map<WantKey, () => void>()
  #sink: Sink | undefined
  #up = false
  latency: number

  constructor (init: FakeTargetInit) {
    this.#init = init
    this.id = init.id
    this.weight = init.weight
    this.labels = init.labels
    this.latency = init.latency ?? 1
    this.#blocks = new Map(Array.from(init.blocks ?? [], ({ key, bytes }) => [key, bytes]))
  }

  create (): this {
    return this
  }

  start (sink: Sink): void {
    this.#sink = sink
    this.#init.timers.after(0, () => { this.revive() })
  }

  stop (): void {
    this.die()
    this.#sink = undefined
  }

  ask (wants: readonly TargetWant[]): void {
    for (const want of wants) {
      const reply = this.#init.reply?.(want, this.asked.length)
      const { says, after = this.latency } = typeof reply === 'string' ? { says: reply } : reply ?? {}
      this.asked.push(want)

      if (this.#up) {
        // the last message about a key counts: a want-have becomes a want-block
        this.#forget(want.key)
        this.open.set(want.key, want)
        this.#timeouts.set(want.key, this.#init.timers.after(after, () => { this.#answer(want, says ?? this.#truth(want)) }))
      }
    }
  }

  cancel (wants: readonly CancelledWant[]): void {
    this.cancelled.push(...wants)

    for (const { key } of wants) {
      this.#forget(key)
    }
  }

  add ({ key, bytes }: FakeBlock): void {
    this.#blocks.set(key, bytes)
  }

  remove ({ key }: FakeBlock): void {
    this.#blocks.delete(key)
  }

  die (why?: Error): void {
    for (const key of [...this.open.keys()]) {
      this.#forget(key)
    }

    if (this.#up) {
      this.#up = false
      this.#sink?.down(why)
    }
  }

  revive (): void {
    if (this.#sink != null && !this.#up) {
      this.#up = true
      this.#sink.up(this.#init.capacity)
    }
  }

  #truth ({ key, type }: TargetWant): FakeAnswer {
    return this.#blocks.has(key) ? type : 'dont-have'
  }

  #answer (want: TargetWant, says: FakeAnswer): void {
    if (says === 'nothing') {
      return
    }

    this.#forget(want.key)

    if (says === 'death') {
      this.die(new Error(`${this.id} died at a want`))
    } else if (says === 'wrong' || says === 'block') {
      const bytes = says === 'block' ? this.#blocks.get(want.key) : undefined
      this.#sink?.block(cidPrefix(want.cid), bytes ?? new TextEncoder().encode('these are the wrong bytes'))?.catch(() => {})
    } else {
      this.#sink?.answer(want.key, says, says === 'failed' ? new Error(`${this.id} failed, as its script says`) : undefined)
    }
  }

  #forget (key: WantKey): void {
    this.#timeouts.get(key)?.()
    this.#timeouts.delete(key)
    this.open.delete(key)
  }
}
