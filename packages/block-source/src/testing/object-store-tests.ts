import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { httpLaws } from './http-laws.ts'
import { lists, STORE_LAWS } from './object-store-laws.ts'
import type { HttpLaw } from './http-laws.ts'
import type { StoreLaw } from './object-store-laws.ts'
import type { ObjectStoreSubject } from './subjects.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'

/** The name of a law, as in {@link ObjectStoreTestsInit.laws}. */
export type ObjectStoreLaw = StoreLaw | HttpLaw | 'lists'

/** Options of the tests of an object store. */
export interface ObjectStoreTestsInit {
  /** The title of the suite. Default `an object store` */
  readonly name?: string
  /** Whether it is a store over HTTP, for which additional laws apply. Default false */
  readonly http?: boolean
  /** Whether the store can list. Default true */
  readonly list?: boolean
  /** Laws that do not apply, each with the reason, which the skipped test shows. Default: all laws that the subject supports. */
  readonly laws?: LawChoice<ObjectStoreLaw>
  /** The `{ describe, it }` of vitest without `globals`, or of node:test. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests a store against the laws of all stores.
 *
 * @param make - creates a new store for each law; objects that another law wrote may still exist
 * @throws {NoTestRunnerError} if there are no global `describe` and `it`, and none were given
 */
export function objectStoreTests (make: () => ObjectStoreSubject | Promise<ObjectStoreSubject>, init: ObjectStoreTestsInit = {}): void {
  runTests(init.name ?? 'an object store', objectStoreLaws(make, init), init.test)
}

/** The same laws as a list, for a runner without `describe` and `it`. */
export function objectStoreLaws (make: () => ObjectStoreSubject | Promise<ObjectStoreSubject>, init: ObjectStoreTestsInit = {}): Array<LawTest<ObjectStoreLaw>> {
  return Object.entries({ ...STORE_LAWS, ...(init.list === false ? {} : { lists }), ...(init.http === true ? httpLaws : {}) }).map(([name, { title, check }]) => {
    const id = name as ObjectStoreLaw

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
