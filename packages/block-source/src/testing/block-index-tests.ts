import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { INDEX_LAWS } from './block-index-laws.ts'
import { indexProbe } from './index-probe.ts'
import type { BlockIndexSubject } from './subjects.ts'
import type { ObjectStore } from '../object-store.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'

/**
 * Makes an index anew, which has looked nothing up yet. Each store that it reads
 * goes through `wrap`, which counts, and makes faults.
 */
export type MakeIndex = (wrap: (store: ObjectStore) => ObjectStore) => BlockIndexSubject | Promise<BlockIndexSubject>

/** The name of a law, as in {@link BlockIndexTestsInit.laws}. */
export type BlockIndexLaw = keyof typeof INDEX_LAWS

export interface BlockIndexTestsInit {
  /** What the tests are gathered under. Default `an index` */
  readonly name?: string
  /** `bounded`: the longest read that it may make, in bytes. Default 1 MiB */
  readonly maxRead?: number
  /** Laws that do not apply: `false` leaves one out; a reason is shown by a skipped test. Default: all apply. */
  readonly laws?: LawChoice<BlockIndexLaw>
  /** Of vitest without `globals`, and of node:test: its `{ describe, it }`. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests an index against what all indexes owe a source. The most important of it:
 * what it could not look up is an error, and never absent.
 *
 * @param make - makes the index; it is called for each law
 * @throws {NoTestRunnerError} if there is no global `describe` and `it`, and none was given
 */
export function blockIndexTests (make: MakeIndex, init: BlockIndexTestsInit = {}): void {
  runTests(init.name ?? 'an index', blockIndexLaws(make, init), init.test)
}

/** The same laws one by one, for a runner that has no `describe` and `it`. */
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
