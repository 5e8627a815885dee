import { NoTestRunnerError } from './errors.ts'

/** What the kits need of a test runner: mocha, vitest, jest and node:test have it. */
export interface TestRunner {
  describe (title: string, body: () => void): unknown
  it: {
    /** `timeout`: ms, for runners that take it here; mocha takes it by the `this` of the body. */
    (title: string, body: () => void | Promise<void>, timeout?: number): unknown
    skip (title: string, body: () => void | Promise<void>): unknown
  }
}

/** A law as a test. */
export interface LawTest<Id extends string = string> {
  readonly id: Id
  /** What it demands. */
  readonly title: string
  /** Why it is skipped; undefined if it is not. */
  readonly skipped: string | undefined
  /**
   * Checks it, whether or not it is to be skipped.
   *
   * @throws {LawBrokenError} if it is broken
   */
  check (): void | Promise<void>
}

/**
 * Which laws apply: all, except those that are `false` or given a reason, which the
 * skipped test then shows.
 */
export type LawChoice<Id extends string> = Readonly<Partial<Record<Id, boolean | string>>>

// a law may take a second, and on a busy machine ten: more than the default limits of mocha and vitest
const TIMEOUT = 60_000

/** Why a law is skipped; undefined if it is not. */
export function skipReason (choice: boolean | string | undefined): string | undefined {
  return typeof choice === 'string' || choice == null ? choice : skipReason(choice ? undefined : 'does not apply')
}

/**
 * Gives tests to a runner: to the one passed, or else to the functions `describe`
 * and `it` that mocha, jest and vitest (with its option `globals`) make global.
 *
 * @throws {NoTestRunnerError} if there is neither
 */
export function runTests (title: string, tests: readonly LawTest[], runner: TestRunner | undefined): void {
  const { describe, it } = runner ?? globalRunner(title)

  describe(title, () => {
    for (const { id, title, skipped, check } of tests) {
      if (skipped == null) {
        it(`${id}: ${title}`, function (this: unknown) {
          raiseTimeout(this)
          return check()
        }, TIMEOUT)
      } else {
        it.skip(`${id}: ${title} (skipped: ${skipped})`, () => check())
      }
    }
  })
}

/** Mocha's way; the `this` of other runners is left alone. */
function raiseTimeout (context: unknown): void {
  if (typeof context === 'object' && context != null && 'timeout' in context && typeof context.timeout === 'function') {
    context.timeout(TIMEOUT)
  }
}

function globalRunner (title: string): TestRunner {
  const { describe, it }: Partial<TestRunner> = globalThis as object

  if (describe == null || it == null) {
    throw new NoTestRunnerError(`"${title}": there is no global describe and it; import them from the test runner and pass { test: { describe, it } }`)
  }

  return { describe, it }
}
