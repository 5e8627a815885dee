import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { SEED } from './fakes.ts'
import { deterministic, independent, injected } from './strategy-laws/determinism.ts'
import { noCounting, noGrowth, recovery, strayOutcomes } from './strategy-laws/learning.ts'
import { changingLoads, comingAndGoing, complete, lazy, noMembers, oneMember, readOnly, subset } from './strategy-laws/order.ts'
import { inputOrder, minimalDisruption, shares, sharesUnderLoad } from './strategy-laws/spread.ts'
import { forwards } from './strategy-laws/wrapping.ts'
import type { StrategyLawRule, Subject } from './strategy-laws/law.ts'
import type { StrategyFactory } from '../strategies/strategy.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'

/** The name of a law, as in {@link StrategyTestsInit.laws}. */
export type StrategyLaw =
  | 'subset' | 'complete' | 'changing-loads' | 'coming-and-going' | 'no-members' | 'one-member' | 'lazy'
  | 'read-only' | 'deterministic' | 'independent' | 'injected' | 'shares' | 'shares-under-load'
  | 'input-order' | 'minimal-disruption' | 'recovery' | 'no-counting' | 'stray-outcomes' | 'no-growth'
  | 'forwards'

const LAWS: Readonly<Record<StrategyLaw, StrategyLawRule>> = {
  subset,
  complete,
  'changing-loads': changingLoads,
  'coming-and-going': comingAndGoing,
  'no-members': noMembers,
  'one-member': oneMember,
  lazy,
  'read-only': readOnly,
  deterministic,
  independent,
  injected,
  shares,
  'shares-under-load': sharesUnderLoad,
  'input-order': inputOrder,
  'minimal-disruption': minimalDisruption,
  recovery,
  'no-counting': noCounting,
  'stray-outcomes': strayOutcomes,
  'no-growth': noGrowth,
  forwards
}

/** How the laws of a strategy are checked. */
export interface StrategyTestsInit {
  /**
   * Laws that do not apply, each with the reason, which the skipped test shows:
   * `{ 'minimal-disruption': 'takes turns, whatever the block' }`. Default: all
   * apply.
   */
  readonly laws?: LawChoice<StrategyLaw>
  /**
   * For a strategy that wraps another: makes it around the given one. Without it the law `forwards`
   * is left out.
   */
  wrap? (inner: StrategyFactory): StrategyFactory
  /** What the tests are gathered under. Default `a strategy` */
  readonly name?: string
  /** The seed of the first random case; a failure names the seed that repeats it. Default: always the same. */
  readonly seed?: number
  /** Random cases for each law. Default 100 */
  readonly runs?: number
  /** Labels for members of random cases, for strategies that require certain ones. Default: some have `tier` and `zone`. */
  labels? (random: () => number): Readonly<Record<string, string>>
  /** `minimal-disruption`: the share of keys that may move unnecessarily, for hash tables that are not perfect. Default 0 */
  readonly collateral?: number
  /** `recovery`, `no-counting`: the number of wants, 10 ms apart, within which a member that is well must come first once. Default 10,000 */
  readonly recovery?: number
  /** `no-growth`: the most entries in one Map, Set or array. Default 20,000 */
  readonly maxEntries?: number
  /** The `{ describe, it }` of vitest without `globals`, or of node:test. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests a strategy against the laws that the router needs every strategy to keep. Call it
 * at the top of a test file, or within a `describe`.
 *
 * It cannot see memory that grows other than in a `Map`, a `Set` or the
 * `push` of an array. The engine observes every attempt once; this is
 * not checked here.
 *
 * @param factory - makes the strategy; it is called many times
 * @throws {NoTestRunnerError} if there is no global `describe` and `it`, and none was given
 *
 * @example
 *
 * ```ts
 * import { roundRobin } from '@kitsune/want-router'
 * import { strategyTests } from '@kitsune/want-router/testing'
 * import { describe, it } from 'node:test'
 *
 * strategyTests(roundRobin(), {
 *   name: 'round robin',
 *   laws: {
 *     'input-order': 'begins anywhere',
 *     'minimal-disruption': 'takes turns, whatever the block'
 *   },
 *   test: { describe, it }
 * })
 * ```
 */
export function strategyTests (factory: StrategyFactory, init: StrategyTestsInit = {}): void {
  runTests(init.name ?? 'a strategy', strategyLaws(factory, init), init.test)
}

/**
 * The same laws one by one, for a runner that has no `describe` and `it`.
 * `check` throws a {@link LawBrokenError} where the strategy breaks the law.
 */
export function strategyLaws (factory: StrategyFactory, init: StrategyTestsInit = {}): Array<LawTest<StrategyLaw>> {
  const subject: Subject = {
    factory,
    wrap: init.wrap,
    seed: init.seed ?? SEED,
    runs: init.runs ?? 100,
    labels: random => init.labels?.(random) ?? someLabels(random),
    collateral: init.collateral ?? 0,
    recovery: init.recovery ?? 10_000,
    maxEntries: init.maxEntries ?? 20_000
  }

  const laws = Object.entries<StrategyLawRule>(LAWS).filter(([, law]) => law !== forwards || init.wrap != null)

  return laws.map(([name, { title, check }]) => {
    const id = name as StrategyLaw

    return { id, title, skipped: skipReason(init.laws?.[id]), check: () => { check(subject) } }
  })
}

function someLabels (random: () => number): Record<string, string> {
  const digit = Math.floor(random() * 3)

  return random() < 0.5 ? {} : { tier: `${digit}`, zone: `zone-${digit}` }
}
