import { platformTimers } from '../../driver/driver.ts'
import { fakeTargetWant } from '../fake-block.ts'
import { broken, recorder } from './recorder.ts'
import type { FakeBlock } from '../fake-block.ts'
import type { Recorder } from './recorder.ts'
import type { AskType } from '../../strategies/strategy.ts'
import type { Target } from '../../targets/target.ts'

/** A target under test, and its surroundings. */
export interface TargetSubject {
  /** Not started yet. */
  readonly target: Target
  /** Blocks that it has: at least two. */
  readonly has: readonly FakeBlock[]
  /** Blocks that it lacks: at least one. */
  readonly lacks: readonly FakeBlock[]
  /** Lets happen what is due, e.g. moves a fake clock by its latency. Called again and again. Default: time alone. */
  settle? (): void | Promise<void>
  /** Blocks that it may hand over while the router has taken none of them, if it promises that. */
  readonly atOnce?: number
  /** Cuts the target off from what it asks, so that it goes down. */
  cut? (): void | Promise<void>
  /** Mends what `cut` cut. */
  mend? (): void | Promise<void>
  /** After the target has stopped. */
  close? (): void | Promise<void>
}

export interface BenchInit {
  make (): TargetSubject | Promise<TargetSubject>
  /** How long an answer may take, ms. */
  readonly timeout: number
  /** How long nothing must happen before it is taken that nothing will, ms. */
  readonly quiet: number
}

/** A started target whose reports are written down. */
export interface Bench {
  readonly subject: TargetSubject
  readonly sink: Recorder
  /** Asks for blocks of one type. */
  ask (blocks: readonly FakeBlock[], type?: AskType): void
  cancel (blocks: readonly FakeBlock[]): void
  /** Resolves once it holds; throws what is broken if it does not in time. */
  until (holds: () => boolean, what: () => string): Promise<void>
  /** Resolves when what was due has happened. */
  quiet (): Promise<void>
  /** The block as messages name it: `block 2 of those that it has`. */
  name (block: FakeBlock): string
  /** Resolves with whether it has stopped in time. */
  stop (): Promise<boolean>
}

/** Makes a target, starts it, checks, and puts everything away. */
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
  const { target, has, lacks } = subject
  const sink = recorder()
  let stopping: Promise<boolean> | undefined

  /** Calls, and takes note of what is reported before the call is over. */
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

  // it may take until it is up, or be over at once
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
      const list = has.includes(block) ? has : lacks
      return `block ${list.indexOf(block)} of those that it ${list === has ? 'has' : 'lacks'}`
    },

    async stop () {
      stopping ??= Promise.resolve(target.stop()).then(() => true)
      return Promise.race([stopping, pass(timeout).then(() => false)])
    }
  }
}
