import { platformTimers } from '../../timers.ts'
import { fakeTargetWant } from '../fake-block.ts'
import { broken, createRecorder } from './recorder.ts'
import type { FakeBlock } from '../fake-block.ts'
import type { Recorder } from './recorder.ts'
import type { AskType } from '../../strategies/strategy.ts'
import type { Target } from '../../targets/target.ts'

/** A target under test, and what to ask of it. */
export interface TargetSubject {
  /** Not started yet. */
  readonly target: Target
  /** Blocks that it has, at least two. */
  readonly has: readonly FakeBlock[]
  /** Blocks that it does not have, at least one. */
  readonly missing: readonly FakeBlock[]
  /** Makes what is due happen, e.g. moves a fake clock by its latency. Called repeatedly. Default: only time passes. */
  settle? (): void | Promise<void>
  /** How many blocks it may hand over at most before the router has taken any, if it has such a limit. */
  readonly atOnce?: number
  /** Cuts the target off from what it asks, so that it goes down. */
  cut? (): void | Promise<void>
  /** Undoes `cut`, so that the target can come up again. */
  restore? (): void | Promise<void>
  /** After the target has stopped. */
  close? (): void | Promise<void>
}

interface BenchInit {
  make (): TargetSubject | Promise<TargetSubject>
  /** How long an answer may take, ms. */
  readonly timeout: number
  /** How long nothing must happen before the law concludes that nothing will, ms. */
  readonly quiet: number
}

/** A started target whose reports are recorded. */
export interface Bench {
  readonly subject: TargetSubject
  readonly sink: Recorder
  /** Asks for blocks of one type. */
  ask (blocks: readonly FakeBlock[], type?: AskType): void
  cancel (blocks: readonly FakeBlock[]): void
  /** Resolves once it holds; rejects with the broken law if it does not hold in time. */
  until (holds: () => boolean, what: () => string): Promise<void>
  /** Resolves when everything that was due has happened. */
  quiet (): Promise<void>
  /** The block as messages name it, e.g. `block 2 of those that it has`. */
  name (block: FakeBlock): string
  /** Resolves with whether the target has stopped in time. */
  stop (): Promise<boolean>
}

/** Makes a target, starts it, checks it, and cleans up. */
export async function withBench (init: BenchInit, check: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = await startBench(init)

  try {
    await bench.until(() => bench.sink.reports.some(({ what }) => what === 'up'), () => 'it did not come up')
    await check(bench)
  } finally {
    await bench.stop()
    await bench.subject.close?.()
  }
}

async function startBench ({ make, timeout, quiet }: BenchInit): Promise<Bench> {
  const subject = await make()
  const { target, has, missing } = subject
  const sink = createRecorder()
  let stopping: Promise<boolean> | undefined

  /** Calls, and notes what is reported before the call returns. */
  function inside<T> (name: string, call: () => T): T {
    sink.inside = name

    try {
      return call()
    } finally {
      sink.inside = undefined
    }
  }

  async function pass (ms: number): Promise<void> {
    await subject.settle?.()
    await new Promise<void>(resolve => { platformTimers.after(ms, resolve) })
  }

  const started = inside('start', () => target.start(sink))

  // it may resolve when it is up, or at once
  let failure: Error | undefined
  Promise.resolve(started).catch(err => { failure = broken(`start failed: ${err}`) })

  return {
    subject,
    sink,
    ask (blocks, type) { inside('ask', () => { target.ask(blocks.map(block => fakeTargetWant(block, type))) }) },
    cancel (blocks) { inside('cancel', () => { target.cancel(blocks.map(({ key, cid }) => ({ key, cid }))) }) },

    async until (holds, what) {
      const end = performance.now() + timeout

      while (!holds()) {
        if (failure != null) {
          throw failure
        }

        if (performance.now() > end) {
          const said = sink.reports.map(({ what }) => what).join(', ')
          throw broken(`${what()} within ${timeout} ms; it reported ${said === '' ? 'nothing' : said}`)
        }

        await pass(1)
      }
    },

    async quiet () {
      const end = performance.now() + quiet

      do {
        await pass(1)
      } while (performance.now() < end)
    },

    name (block) {
      const list = has.includes(block) ? has : missing

      return `block ${list.indexOf(block)} of those that it ${list === has ? 'has' : 'does not have'}`
    },

    async stop () {
      stopping ??= Promise.resolve(target.stop()).then(() => true)

      return Promise.race([stopping, pass(timeout).then(() => false)])
    }
  }
}
