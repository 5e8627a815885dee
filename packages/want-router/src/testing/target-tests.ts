import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { withBench } from './target-laws/bench.ts'
import { backpressure, cancels, down, duplicates, haves, misses, notReentrant, once, refused, serves, stops, upFirst } from './target-laws/laws.ts'
import type { TargetSubject } from './target-laws/bench.ts'
import type { TargetLawRule } from './target-laws/laws.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'

/** The name of a law, as in {@link TargetTestsInit.laws}. */
export type TargetLaw =
  | 'up-first' | 'not-reentrant' | 'serves' | 'haves' | 'misses' | 'once' | 'duplicates' | 'cancels'
  | 'down' | 'backpressure' | 'refused' | 'stops'

const LAWS: Readonly<Record<TargetLaw, TargetLawRule>> = {
  'up-first': upFirst,
  'not-reentrant': notReentrant,
  serves,
  haves,
  misses,
  once,
  duplicates,
  cancels,
  down,
  backpressure,
  refused,
  stops
}

/** How the laws of a target are checked. */
export interface TargetTestsInit {
  /** Laws that do not apply, each with the reason, which the skipped test shows. Default: all apply. */
  readonly laws?: LawChoice<TargetLaw>
  /** What the tests are gathered under. Default `a target` */
  readonly name?: string
  /** How long an answer may take, ms. Default 1,500 */
  readonly timeout?: number
  /** How long nothing must happen before a law concludes that nothing will, ms. Default 20; more for a target with a network. */
  readonly quiet?: number
  /** The `{ describe, it }` of vitest without `globals`, or of node:test. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests a target against the laws that the router needs every target to keep.
 *
 * @param make - makes a new target for each law, and says what to ask of it
 * @throws {NoTestRunnerError} if there is no global `describe` and `it`, and none was given
 *
 * @example
 *
 * ```ts
 * import { fakeBlocks, fakeClock, fakeTarget, targetTests } from '@kitsune/want-router/testing'
 * import { describe, it } from 'node:test'
 *
 * targetTests(async () => {
 *   const clock = fakeClock()
 *   const has = await fakeBlocks(3, 'mine')
 *   const missing = await fakeBlocks(1, 'of others')
 *   const target = fakeTarget({ id: 'fake', timers: clock, blocks: has })
 *
 *   return { target, has, missing, settle: () => { clock.pass(10) }, cut: () => { target.die() }, restore: () => { target.revive() } }
 * }, {
 *   laws: { backpressure: 'hands over blocks as its script says' },
 *   test: { describe, it }
 * })
 * ```
 */
export function targetTests (make: () => TargetSubject | Promise<TargetSubject>, init: TargetTestsInit = {}): void {
  runTests(init.name ?? 'a target', targetLaws(make, init), init.test)
}

/** The same laws one by one, for a runner that has no `describe` and `it`. */
export function targetLaws (make: () => TargetSubject | Promise<TargetSubject>, init: TargetTestsInit = {}): Array<LawTest<TargetLaw>> {
  const { timeout = 1500, quiet = 20 } = init

  return Object.entries<TargetLawRule>(LAWS).map(([name, { title, needs, check }]) => {
    const id = name as TargetLaw

    return {
      id,
      title,
      skipped: skipReason(init.laws?.[id]),
      check: async () => withBench({ make, timeout, quiet }, async bench => {
        if (needs != null && bench.subject[needs] == null) {
          throw new Error(`the subject has no ${needs}; give it one, or a reason: { laws: { ${JSON.stringify(id)}: 'why it does not apply' } }`)
        }

        await check(bench)
      })
    }
  })
}
