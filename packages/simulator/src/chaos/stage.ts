import type { Feature } from './features.ts'
import type { Monitor } from './observer/monitor.ts'
import type { ProcessTimers } from './process-timers.ts'
import type { Dice } from './scenario/dice.ts'
import type { Trace } from './trace.ts'
import type { Engine, EngineInit } from '@kitsune/want-router/engine'
import type { FakeClock } from '@kitsune/want-router/testing'

/** The environment of a run. */
export interface Stage {
  readonly seed: number
  readonly clock: FakeClock
  /** The timers of the process under test, on that clock. */
  readonly timers: ProcessTimers
  /** The random source of the seed, uniform in [0, 1). */
  random (): number
  readonly dice: Dice
  readonly trace: Trace
  /** What the run has met so far. */
  readonly met: Set<Feature>
  /** Makes the engine of the world, with an observer. */
  engine (init: EngineInit): Monitor
  /** Makes another engine beside it, observed and recorded like it. */
  another (init: EngineInit): Monitor
  /** Makes it with another observer. */
  observed<T extends Engine> (init: EngineInit, observe: (init: EngineInit) => T): T
  /** The observer, once there is a world. */
  readonly monitor: Monitor
  /** How far the run is. */
  step: number
  /** From the end of all faults until each want had what it can get, ms; and the greatest share of the time that its limits allow it. */
  recoveredIn: number
  recoveryShare: number
}
