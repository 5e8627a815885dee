import { writeFileSync } from 'node:fs'

/** @import { Reporter, TestModule } from 'vitest/node' */
/** @import { Results, TestResult } from './lib/types.ts' */

const STATES = /** @type {const} */ ({ passed: 'passed', failed: 'failed', skipped: 'pending', pending: 'failed' })

/**
 * Does for vitest what `mocha-reporter.cjs` does for mocha: writes vitest's counts to
 * the file that `KITSUNE_TEST_RESULTS` names. Errors outside of tests show in vitest's
 * exit code. vitest requires a default export.
 *
 * @implements {Reporter}
 */
export default class ResultsReporter {
  /** @param {ReadonlyArray<TestModule>} modules */
  onTestRunEnd (modules) {
    /** @type {TestResult[]} */
    const tests = []

    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result()

        tests.push({
          title: test.fullName,
          state: STATES[state],
          ms: test.diagnostic()?.duration ?? 0,
          ...(errors.length > 0 ? { error: errors.map(({ message, stack }) => stack ?? message).join('\n') } : {})
        })
      }
    }

    /** @type {(state: TestResult['state']) => number} */
    const count = state => tests.filter(test => test.state === state).length
    /** @type {Results} */
    const results = { passes: count('passed'), failures: count('failed'), pending: count('pending'), tests }

    if (process.env.KITSUNE_TEST_RESULTS != null) {
      writeFileSync(process.env.KITSUNE_TEST_RESULTS, JSON.stringify(results))
    }
  }
}
