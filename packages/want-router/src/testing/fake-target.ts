import { cidPrefix } from '@kitsune/bitswap-codec'
import type { FakeBlock } from './fake-block.ts'
import type { Timers } from '../driver/driver.ts'
import type { CancelledWant, Capacity, MemberInit, Sink, Target, TargetInit, TargetWant } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/**
 * What a fake target does about a want: `wrong` brings bytes that do not hash to
 * the CID, `nothing` leaves it open until it is cancelled, `death` takes the
 * target down.
 */
export type FakeAnswer = 'block' | 'have' | 'lack' | 'unknown' | 'failed' | 'wrong' | 'nothing' | 'death'

/** One answer, and when. */
export interface FakeReply {
  /** Default: the truth. */
  readonly says?: FakeAnswer
  /** ms from being asked. Default: the target's `latency`. */
  readonly after?: number
}

export interface FakeTargetInit extends MemberInit {
  /** The clock it lives by, e.g. a `fakeClock()`. */
  readonly timers: Pick<Timers, 'after'>
  /** What it has at first. Default: nothing. */
  readonly blocks?: Iterable<FakeBlock>
  /** ms from being asked to answering. Default 1 */
  readonly latency?: number
  /** What it says of itself when it comes up. */
  readonly capacity?: Partial<Capacity>
  /**
   * The script: what it does about the want, which is the `index`th that it was
   * asked, from 0. Default, and where it returns undefined: the truth.
   */
  reply? (want: TargetWant, index: number): FakeAnswer | FakeReply | undefined
}

/** A target that does as it is told. It is its own {@link TargetInit}, so it can be given to a router as it is. */
export interface FakeTarget extends Target, TargetInit {
  /** ms from being asked to answering. */
  latency: number
  /** All that it was ever asked, in order. */
  readonly asked: readonly TargetWant[]
  /** All that was cancelled, in order. */
  readonly cancelled: readonly CancelledWant[]
  /** What it has not answered yet. */
  readonly open: ReadonlyMap<WantKey, TargetWant>
  /** From now on it has the block. */
  add (block: FakeBlock): void
  /** From now on it lacks the block. */
  remove (block: FakeBlock): void
  /** Goes down, and forgets what it was asked. Not to be called from inside `ask`. */
  die (why?: Error): void
  /** Is up again. */
  revive (): void
}

/**
 * A target without a network: it answers on a clock that the test moves, the
 * truth unless its script says otherwise.
 *
 * @example A node that is slow, lacks the second block, and dies at the third want.
 *
 * ```ts
 * import { fakeBlock, fakeClock, fakeTarget } from '@kitsune/want-router/testing'
 *
 * const clock = fakeClock()
 * const script = ['block', 'lack', 'death'] as const
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
  const { id, weight, labels, timers, capacity } = init
  const blocks = new Map(Array.from(init.blocks ?? [], ({ key, bytes }) => [key, bytes]))
  const open = new Map<WantKey, TargetWant>()
  const timeouts = new Map<WantKey, () => void>()
  const asked: TargetWant[] = []
  const cancelled: CancelledWant[] = []
  let sink: Sink | undefined
  let up = false

  function forget (key: WantKey): void {
    timeouts.get(key)?.()
    timeouts.delete(key)
    open.delete(key)
  }

  function truth ({ key, type }: TargetWant): FakeAnswer {
    return blocks.has(key) ? type : 'lack'
  }

  function answer (want: TargetWant, says: FakeAnswer): void {
    if (says === 'nothing') {
      return
    }
    forget(want.key)

    if (says === 'death') {
      target.die(new Error(`${id} died of a want`))
    } else if (says === 'wrong' || says === 'block') {
      const bytes = says === 'block' ? blocks.get(want.key) : undefined
      sink?.block(cidPrefix(want.cid), bytes ?? new TextEncoder().encode('these are the wrong bytes'))?.catch(() => {})
    } else {
      sink?.answer(want.key, says, says === 'failed' ? new Error(`${id} failed as it was told`) : undefined)
    }
  }

  const target: FakeTarget = {
    id,
    weight,
    labels,
    latency: init.latency ?? 1,
    asked,
    cancelled,
    open,

    create: () => target,

    start (to) {
      sink = to
      timers.after(0, target.revive)
    },

    stop () {
      target.die()
      sink = undefined
    },

    ask (wants) {
      for (const want of wants) {
        const reply = init.reply?.(want, asked.length)
        const { says, after = target.latency } = typeof reply === 'string' ? { says: reply } : reply ?? {}
        asked.push(want)

        if (up) {
          // the last word about a key counts: a have becomes a block
          forget(want.key)
          open.set(want.key, want)
          timeouts.set(want.key, timers.after(after, () => { answer(want, says ?? truth(want)) }))
        }
      }
    },

    cancel (wants) {
      cancelled.push(...wants)
      for (const { key } of wants) {
        forget(key)
      }
    },

    add ({ key, bytes }) { blocks.set(key, bytes) },
    remove ({ key }) { blocks.delete(key) },

    die (why) {
      for (const key of [...open.keys()]) {
        forget(key)
      }
      if (up) {
        up = false
        sink?.down(why)
      }
    },

    revive () {
      if (sink != null && !up) {
        up = true
        sink.up(capacity)
      }
    }
  }

  return target
}
