import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { INDEX_LAWS } from './block-index-laws.ts'
import { indexProbe } from './index-probe.ts'
import type { BlockIndexLaw } from './block-index-laws.ts'
import type { BlockIndexSubject } from './subjects.ts'
import type { ObjectStore } from '../object-store.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'

/**
 * Creates a new index, which has not looked anything up yet. It must pass each store that
 * the index reads through `wrap`, which counts reads and injects faults.
 */
export type MakeIndex = (wrap: (store: ObjectStore) => ObjectStore) => BlockIndexSubject | Promise<BlockIndexSubject>

/** Options of the tests of a block index. */
export interface BlockIndexTestsInit {
  /** The title of the suite. Default `an index` */
  readonly name?: string
  /** The longest read that the index may make, in bytes, for the law `bounded`. Default 1 MiB */
  readonly maxRead?: number
  /** Laws that do not apply: `false` leaves a law out; a reason skips it, and the skipped test shows the reason. Default: all apply. */
  readonly laws?: LawChoice<BlockIndexLaw>
  /** The `{ describe, it }` of vitest without `globals`, or of node:test. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests an index against the laws that sources rely on. The most important one: a failed
 * lookup is an error, and never absence.
 *
 * @param make - creates the index; called for each law
 * @throws {NoTestRunnerError} if there are no global `describe` and `it`, and none were given
 */
export function blockIndexTests (make: MakeIndex, init: BlockIndexTestsInit = {}): void {
  runTests(init.name ?? 'an index', blockIndexLaws(make, init), init.test)
}

/** The same laws as a list, for a runner without `describe` and `it`. */
export function blockIndexLaws (make: MakeIndex, init: BlockIndexTestsInit = {}): Array<LawTest<BlockIndexLaw>> {
  return Object.entries(INDEX_LAWS).filter(([name]) => init.laws?.[name as BlockIndexLaw] !== false).map(([name, { title, check }]) => {
    const id = name as BlockIndexLaw

    return {
      id,
      title,
      skipped: skipReason(init.laws?.[id]),
      async check () {
        const probe = indexProbe()
        const subject = await make(probe.wrap)

        try {
          await check({ ...subject, probe, maxRead: init.maxRead ?? 1 << 20 })
        } finally {
          await subject.stop?.()
        }
      }
    }
  })
}
