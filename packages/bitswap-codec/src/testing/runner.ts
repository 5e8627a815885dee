import { NoTestRunnerError } from './errors.ts'

/** The parts of a test runner that the kits need; mocha, vitest, jest and node:test have them. */
export interface TestRunner {
  describe (title: string, body: () => void): unknown
  it: {
    /** `timeout`: ms, for runners that take it here; mocha takes it from the body's `this`. */
    (title: string, body: () => void | Promise<void>, timeout?: number): unknown
    skip (title: string, body: () => void | Promise<void>): unknown
  }
}

/** A law as a test. */
export interface LawTest<Id extends string = string> {
  readonly id: Id
  /** What the law demands. */
  readonly title: string
  /** Why the law is skipped; undefined if it is not. */
  readonly skipped: string | undefined
  /** Checks the law, even if it is skipped. */
  check (): void | Promise<void>
}

/**
 * The laws that apply: all except those that are `false` or have a reason, which the
 * skipped test shows.
 */
export type LawChoice<Id extends string> = Readonly<Partial<Record<Id, boolean | string>>>

// a law may take a second, and ten on a busy machine, which exceeds the limits of mocha and vitest
const TIMEOUT = 60_000

/** Why a law is skipped; undefined if it is not. */
export function skipReason (choice: boolean | string | undefined): string | undefined {
  return typeof choice === 'string' || choice == null ? choice : skipReason(choice ? undefined : 'does not apply')
}

/**
 * Passes tests to the given runner, or else to the global functions `describe` and `it`
 * of mocha, jest and vitest (with its option `globals`).
 *
 * @throws {NoTestRunnerError} if there is no runner
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

/** Sets mocha's timeout; the `this` of other runners is not changed. */
function raiseTimeout (context: unknown): void {
  if (typeof context === 'object' && context != null && 'timeout' in context && typeof context.timeout === 'function') {
    context.timeout(TIMEOUT)
  }
}

function globalRunner (title: string): TestRunner {
  const { describe, it }: Partial<TestRunner> = globalThis as object

  if (describe == null || it == null) {
    throw new NoTestRunnerError(`"${title}": there are no global describe and it; import them from the test runner and pass { test: { describe, it } }`)
  }

  return { describe, it }
}
