const { writeFileSync } = require('node:fs')
const { reporters, Runner } = require('mocha')

/** @import { Results, TestResult } from './lib/types.ts' with { 'resolution-mode': 'import' } */

/** How long a test process may run after its last test, ms. */
const LINGER = 30_000

/**
 * Prints mocha's `spec` output, and writes mocha's counts to the file that the
 * environment variable `KITSUNE_TEST_RESULTS` names. The file is written only when
 * the run ends, so a run that crashes leaves none.
 */
class ResultsReporter extends reporters.Spec {
  /**
   * @param {import('mocha').Runner} runner
   * @param {import('mocha').MochaOptions} options
   */
  constructor (runner, options) {
    super(runner, options)

    /** @type {TestResult[]} */
    const tests = []

    runner.on(Runner.constants.EVENT_TEST_PASS, test => {
      tests.push({ title: test.fullTitle(), state: 'passed', ms: test.duration ?? 0 })
    })
    runner.on(Runner.constants.EVENT_TEST_FAIL, (test, err) => {
      tests.push({ title: test.fullTitle(), state: 'failed', ms: test.duration ?? 0, error: String(err?.stack ?? err) })
    })
    runner.on(Runner.constants.EVENT_TEST_PENDING, test => {
      tests.push({ title: test.fullTitle(), state: 'pending', ms: 0 })
    })

    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {}
      /** @type {Results} */
      const results = { passes, failures, pending, tests }

      if (process.env.KITSUNE_TEST_RESULTS != null) {
        writeFileSync(process.env.KITSUNE_TEST_RESULTS, JSON.stringify(results))
      }

      // a socket or a child process left open would otherwise hang the run
      setTimeout(() => {
        process.stderr.write(`\nstill running ${LINGER / 1000} s after the last test, with these open: ${process.getActiveResourcesInfo().join(', ')}\n`)
        process.exit(1)
      }, LINGER).unref()
    })
  }
}

module.exports = ResultsReporter
