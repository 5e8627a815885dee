import { runTests, skipReason } from '@kitsune/bitswap-codec/testing'
import { httpLaws } from './http-laws.ts'
import { lists, STORE_LAWS } from './object-store-laws.ts'
import { runTests, skipReason } from './runner.ts'
import type { LawChoice, LawTest, TestRunner } from './runner.ts'
import type { Fetch } from '../http/client.ts'
import type { ObjectStore } from '../object-store.ts'
import type { RetryOptions } from '../retry.ts'

/** A store to test, and ways to change its objects. */
export interface ObjectStoreSubject {
  readonly store: ObjectStore
  /** Writes an object, or a new version of it. */
  put (object: string, bytes: Uint8Array): void | Promise<void>
  /** Removes an object. */
  remove (object: string): void | Promise<void>
  /** The `maxRead` of {@link store}, in bytes: at least 1 MiB, at most 4 MiB. */
  readonly maxRead?: number
  /** How many requests or reads of files the store has made so far. For the law `nothing`. */
  requests? (): number
  /**
   * For a store over HTTP: creates the same store with another `fetch`, which behaves like
   * `fetch` below except for the faults that a law injects.
   */
  readonly http?: {
    /** Reaches the server. */
    readonly fetch: Fetch
    withFetch (fetch: Fetch, retry: RetryOptions): ObjectStore
  }
  /** Cleans up after a test. */
  stop? (): void | Promise<void>
}

/** The name of a law, as in {@link ObjectStoreTestsInit.laws}. */
export type ObjectStoreLaw = keyof typeof STORE_LAWS | keyof typeof httpLaws | 'lists'

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
