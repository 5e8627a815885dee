import type { Tap } from './tap.ts'
import type { HashFunction } from './verifiability.ts'
import type { Limits } from '../defaults.ts'
import type { StrategyFactory } from '../strategies/strategy.ts'
import type { MemberInit } from '../targets/target.ts'

/** What an engine is made with. */
export interface EngineInit {
  readonly members: readonly MemberInit[]
  readonly strategy: StrategyFactory
  /** Called with the first error of each of the strategy's methods, which ends nothing. Default: errors are only counted. */
  strategyFailed? (method: string, error: unknown): void
  /** Monotonic time, ms. */
  now (): number
  /** Seeds the random source of the strategy, which differs from worker to worker. */
  readonly randomSeed: number
  /** Derived from the public identity, so that workers and replicas agree. */
  readonly seed: number
  readonly limits?: Partial<Limits>
  /**
   * The hash functions that blocks can be verified by: no member is asked for a want with another hash, and
   * its client gets DONT_HAVE. Default: all count as verifiable.
   */
  readonly hashes?: readonly HashFunction[]
  /** Whether wants are parked until policies have decided: see `admit` of the output. Default: false, all are admitted. */
  readonly admission?: boolean
  /** Whether the ends of wants are reported at the moment. Default: always, as with a tap. */
  wantsEnds? (): boolean
  /** Is shown every input and output. */
  readonly tap?: Tap
}
