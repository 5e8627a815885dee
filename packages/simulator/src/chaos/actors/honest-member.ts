import { contentBlock } from '../../world/content.ts'
import type { Sink, Target, TargetWant } from '@kitsune/want-router'
import type { FakeClock } from '@kitsune/want-router/testing'

interface HonestMemberInit {
  readonly clock: FakeClock
  /** The size of every block, bytes. */
  readonly size: number
  /** How long it takes to answer each want, ms. */
  readonly latency: number
  /** It holds no block, and answers DONT_HAVE. Otherwise it holds every block. */
  readonly empty: boolean
}

/** A member that answers each want with the truth, after the same time. */
export class HonestMember implements Target {
  readonly #init: HonestMemberInit
  readonly #open = new Map<string, TargetWant>()
  #sink: Sink | undefined

  constructor (init: HonestMemberInit) {
    this.#init = init
  }

  start (sink: Sink): void {
    this.#sink = sink
    this.#later(() => { sink.up() })
  }

  stop (): void {}

  ask (wants: readonly TargetWant[]): void {
    for (const want of wants) {
      this.#open.set(want.key, want)
      this.#later(() => { this.#answer(want) })
    }
  }

  cancel (wants: ReadonlyArray<Pick<TargetWant, 'key'>>): void {
    for (const { key } of wants) {
      this.#open.delete(key)
    }
  }

  #later (act: () => void): void {
    this.#init.clock.after(this.#init.latency, act)
  }

  #answer (want: TargetWant): void {
    const { key, cid, type } = want

    if (this.#open.get(key) !== want) {
      return // cancelled, or asked for again as another type
    }

    if (this.#init.empty) {
      this.#sink?.answer(key, 'dont-have')

      return
    }

    this.#open.delete(key)

    if (type === 'have') {
      this.#sink?.answer(key, 'have')
    } else {
      void this.#sink?.block(cid, contentBlock(key, this.#init.size))
    }
  }
}
