import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { SOURCE_LAWS } from './block-source-laws.ts'
import type { BlockSourceLaw } from './block-source-laws.ts'
import type { BlockSourceSubject } from './subjects.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'

/** Options of the tests of a block source. */
export interface BlockSourceTestsInit {
  /** The title of the suite. Default `a block source` */
  readonly name?: string
  /** Laws that do not apply: `false` leaves a law out; a reason skips it, and the skipped test shows the reason. Default: all apply */
  readonly laws?: LawChoice<BlockSourceLaw>
  /** The `{ describe, it }` of vitest without `globals`, or of node:test. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests a source against the laws of all sources.
 *
 * @param make - creates a new source for each law
 * @throws {NoTestRunnerError} if there are no global `describe` and `it`, and none were given
 */
export function blockSourceTests (make: () => BlockSourceSubject | Promise<BlockSourceSubject>, init: BlockSourceTestsInit = {}): void {
  runTests(init.name ?? 'a block source', blockSourceLaws(make, init), init.test)
}

/** The same laws as a list, for a runner without `describe` and `it`. */
export function blockSourceLaws (make: () => BlockSourceSubject | Promise<BlockSourceSubject>, init: BlockSourceTestsInit = {}): Array<LawTest<BlockSourceLaw>> {
  return Object.entries(SOURCE_LAWS).filter(([name]) => init.laws?.[name as BlockSourceLaw] !== false).map(([name, { title, check }]) => {
    const id = name as BlockSourceLaw

    return {
      id,
      title,
      skipped: skipReason(init.laws?.[id]),
      async check () {
        const subject = await make()

        try {
          await check(subject)
        } finally {
          await subject.stop?.()
        }
      }
    }
  })
}
