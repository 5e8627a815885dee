import { hashString } from '@kitsune/want-router/engine'
import { fakeClock, seededRandom } from '@kitsune/want-router/testing'
import { InvariantBrokenError } from './errors.ts'
import { playFairRun } from './fair-run.ts'
import { playHostileRun } from './hostile-run.ts'
import { Monitor } from './observer/monitor.ts'
import { playPolicyRun } from './policy-run.ts'
import { createProcessTimers } from './process-timers.ts'
import { createRecorder } from './recorder.ts'
import { playRouterRun } from './router/router-run.ts'
import { createDice } from './scenario/dice.ts'
import { createTrace, NO_TRACE } from './trace.ts'
import type { Feature } from './features.ts'
import type { Invariant } from './invariants.ts'
import type { Recorder } from './recorder.ts'
import type { Stage } from './stage.ts'
import type { Engine, EngineInit, Totals } from '@kitsune/want-router/engine'

/** The result of a run. */
export interface RunResult {
  readonly seed: number
  readonly steps: number
  /** Simulated time, ms. */
  readonly ms: number
  /** From the end of all faults until every want had what it can get, simulated ms. */
  readonly recoveredIn: number
  /** The greatest share of the time that limits allow a want for that. */
  readonly recoveryShare: number
  readonly totals: Totals
  /** What the run met. */
  readonly features: readonly Feature[]
  readonly broken?: { readonly invariant: Invariant, readonly message: string, readonly step: number }
}

/** Options of a run. */
export interface RunOptions {
  /** Receives a line for each event. */
  trace? (line: string): void
  /** Looks through the engine's state after each step. Default true. */
  readonly sound?: boolean
}

// of this many runs, one is about fairness, one about a router in both directions, and one about policies
const KINDS = 10
const PLAYS: Readonly<Record<number, (stage: Stage) => Promise<void> | void>> = { 0: playFairRun, 4: playRouterRun, 5: playPolicyRun }

/** Plays the run of a seed until its end or until an invariant is broken. */
export async function playRun (seed: number, { trace, sound = true }: RunOptions = {}): Promise<RunResult> {
  const random = seededRandom(hashString(`run ${seed}`, seed))
  const clock = fakeClock(seed % 2 * 1000)
  /** The input and output of each engine. */
  const recordings: Array<{ readonly recorder: Recorder, readonly engine: Engine }> = []
  let monitor: Monitor | undefined

  const totals = (): Totals => {
    if (recordings.length === 0) {
      throw new Error('there is no world yet')
    }

    return recordings[0].engine.status().totals
  }

  function observed<T extends Engine> (init: EngineInit, observe: (init: EngineInit) => T): T {
    const recorder = createRecorder()
    const engine = observe({ ...init, tap: recorder.tap })
    recorder.strategy = init.strategy
    recordings.push({ recorder, engine })

    return engine
  }

  const stage: Stage = {
    seed,
    clock,
    timers: createProcessTimers(clock),
    random,
    dice: createDice(random),
    trace: trace == null ? NO_TRACE : createTrace(clock.now, trace),
    met: new Set(),
    step: 0,
    recoveredIn: 0,
    recoveryShare: 0,
    observed,
    another (init) {
      return observed(init, init => new Monitor(init, { trace: this.trace, met: this.met, sound }))
    },
    engine (init) {
      monitor = this.another(init)

      return monitor
    },
    get monitor () {
      if (monitor == null) {
        throw new Error('there is no world yet')
      }

      return monitor
    }
  }
  const broken = await judge(stage, async stage => {
    await (PLAYS[seed % KINDS] ?? playHostileRun)(stage)

    for (const { recorder, engine } of recordings) {
      recorder.expectReplay(engine.status())
    }
  })

  return {
    seed,
    steps: stage.step,
    ms: clock.now(),
    recoveredIn: stage.recoveredIn,
    recoveryShare: stage.recoveryShare,
    totals: totals(),
    features: [...stage.met],
    broken
  }
}

/** An error thrown outside of the calls that play the run, as in a microtask, also fails the run. */
async function judge (stage: Stage, play: (stage: Stage) => Promise<void>): Promise<RunResult['broken']> {
  const thrown: unknown[] = []
  const note = (err: unknown): void => { thrown.push(err) }
  process.on('uncaughtException', note)

  try {
    await play(stage)
  } catch (err) {
    thrown.push(err)
  }

  // a rejection without a handler is reported at the end of the tick
  await new Promise(resolve => { setImmediate(resolve) })
  process.off('uncaughtException', note)

  return thrown.length === 0 ? undefined : verdictOn(thrown[0], stage.step)
}

function verdictOn (err: unknown, step: number): RunResult['broken'] {
  if (err instanceof InvariantBrokenError) {
    return { invariant: err.invariant, message: err.message, step }
  }

  return { invariant: 'crash', message: err instanceof Error ? err.stack ?? err.message : String(err), step }
}
