import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { SOURCE_LAWS } from './block-source-laws.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'
import type { BlockSourceSubject } from './subjects.ts'

/** The name of a law, as in {@link BlockSourceTestsInit.laws}. */
export type BlockSourceLaw = keyof typeof SOURCE_LAWS

export interface BlockSourceTestsInit {
  /** What the tests are gathered under. Default `a block source` */
  readonly name?: string
  /** Laws that do not apply: `false` leaves one out; a reason is shown by a skipped test. Default: all */
  readonly laws?: LawChoice<BlockSourceLaw>
  /** Of vitest without `globals`, and of node:test: its `{ describe, it }`. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests a source against what all sources have in common.
 *
 * @param make - makes the source anew for each law
 * @throws {NoTestRunnerError} if there is no global `describe` and `it`, and none was given
 */
export function blockSourceTests (make: () => BlockSourceSubject | Promise<BlockSourceSubject>, init: BlockSourceTestsInit = {}): void {
  runTests(init.name ?? 'a block source', blockSourceLaws(make, init), init.test)
}

/** The same laws one by one, for a runner that has no `describe` and `it`. */
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
