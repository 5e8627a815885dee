import { hashString } from '@kitsune/want-router/engine'
import { fakeClock, seededRandom } from '@kitsune/want-router/testing'
import { dice } from './dice.ts'
import { LawBrokenError } from './errors.ts'
import { fairHistory } from './fair-history.ts'
import { hostileHistory } from './hostile-history.ts'
import { recorder } from './recorder.ts'
import { traced, untraced } from './trace.ts'
import { watchEngine } from './watch.ts'
import type { Dice } from './dice.ts'
import type { Law } from './laws.ts'
import type { Trace } from './trace.ts'
import type { Watched } from './watch.ts'
import type { Engine, EngineInit, Totals } from '@kitsune/want-router/engine'
import type { FakeClock } from '@kitsune/want-router/testing'

/** What a history is played on. */
export interface Stage {
  readonly seed: number
  readonly clock: FakeClock
  /** The seed's own, uniform in [0, 1). */
  random (): number
  readonly dice: Dice
  readonly trace: Trace
  /** Makes the engine of the world, with an onlooker. */
  engine (init: EngineInit): Engine
  /** The onlooker, once there is a world. */
  readonly watched: Watched
  /** How far the history is. */
  step: number
  /** From the end of all faults until everything was served, ms. */
  healedIn: number
}

/** What became of a history. */
export interface HistoryResult {
  readonly seed: number
  readonly steps: number
  /** Simulated time, ms. */
  readonly ms: number
  /** From the end of all faults until every want was served, simulated ms. */
  readonly healedIn: number
  readonly totals: Totals
  readonly broken?: { readonly law: Law, readonly message: string, readonly step: number }
}

export interface HistoryOptions {
  /** Receives a line for each thing that happens. */
  trace? (line: string): void
  /** Looks through the engine's state after each step. Default true. */
  readonly sound?: boolean
}

// a history in so many is about fairness
const FAIR = 10

/** Plays the history of a seed until its end or until a law is broken. */
export function runHistory (seed: number, { trace: say, sound = true }: HistoryOptions = {}): HistoryResult {
  const random = seededRandom(hashString(`history ${seed}`, seed))
  const clock = fakeClock(seed % 2 * 1000)
  const recording = recorder()
  let watched: Watched | undefined

  const stage: Stage = {
    seed,
    clock,
    random,
    dice: dice(random),
    trace: say == null ? untraced : traced(clock.now, say),
    step: 0,
    healedIn: 0,
    engine (init) {
      watched = watchEngine({ ...init, tap: recording.tap }, this.trace, sound)
      recording.strategy = init.strategy
      return watched.engine
    },
    get watched () {
      if (watched == null) {
        throw new Error('there is no world yet')
      }
      return watched
    }
  }
  const play = seed % FAIR === 0 ? fairHistory : hostileHistory
  const broken = judge(stage, stage => {
    play(stage)
    recording.expectReplay(stage.watched.engine.status())
  })

  return {
    seed,
    steps: stage.step,
    ms: clock.now(),
    healedIn: stage.healedIn,
    totals: stage.watched.engine.status().totals,
    broken
  }
}

function judge (stage: Stage, play: (stage: Stage) => void): HistoryResult['broken'] {
  try {
    play(stage)
  } catch (err) {
    if (err instanceof LawBrokenError) {
      return { law: err.law, message: err.message, step: stage.step }
    }
    return { law: 'crash', message: err instanceof Error ? err.stack ?? err.message : String(err), step: stage.step }
  }
}
