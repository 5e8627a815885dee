import { NoTestRunnerError } from './errors.ts'

/** What the kits need of a test runner: mocha, vitest, jest and node:test have it. */
export interface TestRunner {
  describe (title: string, body: () => void): unknown
  it: {
    /** `timeout`: ms, for runners that take it here; mocha takes it of the body's `this`. */
    (title: string, body: () => void | Promise<void>, timeout?: number): unknown
    skip (title: string, body: () => void | Promise<void>): unknown
  }
}

/** A law as a test: what it demands, and whether it is demanded. */
export interface LawTest<Id extends string = string> {
  readonly id: Id
  readonly title: string
  /** Why it is left out; undefined if it is not. */
  readonly skipped: string | undefined
  /** Checks it, whether or not it is to be left out. */
  check (): void | Promise<void>
}

/**
 * Which laws hold: all, but those that are `false` or given a reason, which the
 * skipped test then shows.
 */
export type LawChoice<Id extends string> = Readonly<Partial<Record<Id, boolean | string>>>

// a law may take a second, and on a busy machine ten: more than mocha's and vitest's own limits
const TIMEOUT = 60_000

/** Why a law is skipped, if it is. */
export function skipReason (choice: boolean | string | undefined): string | undefined {
  return typeof choice === 'string' || choice == null ? choice : skipReason(choice ? undefined : 'does not apply')
}

/**
 * Hands tests to the runner: the one given, else the functions `describe` and
 * `it` that mocha, jest and vitest (with its option `globals`) make global.
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

/** Mocha's way; what others have for `this` is left alone. */
function raiseTimeout (context: unknown): void {
  if (typeof context === 'object' && context != null && 'timeout' in context && typeof context.timeout === 'function') {
    context.timeout(TIMEOUT)
  }
}

function globalRunner (title: string): TestRunner {
  const { describe, it }: Partial<TestRunner> = globalThis as object

  if (describe == null || it == null) {
    throw new NoTestRunnerError(`"${title}": there is no global describe and it; import them of the test runner and pass { test: { describe, it } }`)
  }

  return { describe, it }
}
