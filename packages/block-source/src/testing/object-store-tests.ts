import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { httpLaws } from './http-laws.ts'
import { lists, STORE_LAWS } from './object-store-laws.ts'
import type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'
import type { ObjectStoreSubject } from './subjects.ts'

/** The name of a law, as in {@link ObjectStoreTestsInit.laws}. */
export type ObjectStoreLaw = keyof typeof STORE_LAWS | keyof typeof httpLaws | 'lists'

export interface ObjectStoreTestsInit {
  /** What the tests are gathered under. Default `an object store` */
  readonly name?: string
  /** Whether it is a store over HTTP, with the laws of such. Default false */
  readonly http?: boolean
  /** Whether it can list. Default true */
  readonly list?: boolean
  /** Laws that do not apply, each with the reason, which the skipped test shows. Default: all that the subject allows. */
  readonly laws?: LawChoice<ObjectStoreLaw>
  /** Of vitest without `globals`, and of node:test: its `{ describe, it }`. Default: the global ones. */
  readonly test?: TestRunner
}

/**
 * Tests a store against what all stores have in common.
 *
 * @param make - makes the store anew for each law; what another law wrote may still be there
 * @throws {NoTestRunnerError} if there is no global `describe` and `it`, and none was given
 */
export function objectStoreTests (make: () => ObjectStoreSubject | Promise<ObjectStoreSubject>, init: ObjectStoreTestsInit = {}): void {
  runTests(init.name ?? 'an object store', objectStoreLaws(make, init), init.test)
}

/** The same laws one by one, for a runner that has no `describe` and `it`. */
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
