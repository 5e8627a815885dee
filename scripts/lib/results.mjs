/** @import { Suite, Totals } from './types.ts' */

/** How many lines of an error's message and stack to print. */
const MOST_LINES = 30

/**
 * Adds up the runners' counts. A runner that ended badly without counting a failure
 * (it crashed, or did not end) counts as one failure.
 *
 * @param {Suite[]} suites
 * @param {{ skipIsFailure?: boolean }} [options]
 * @returns {Totals}
 */
export function total (suites, { skipIsFailure = false } = {}) {
  const totals = { passed: 0, failed: 0, skipped: 0 }

  for (const { code, results } of suites) {
    const { passes = 0, failures = 0, pending = 0 } = results ?? {}

    totals.passed += passes
    totals.failed += failures === 0 && (code !== 0 || results == null) ? 1 : failures
    totals[skipIsFailure ? 'failed' : 'skipped'] += pending
  }

  return totals
}

/**
 * The last line of everything that counts: `N passed, N failed`, and how many
 * were skipped if any were.
 *
 * @param {Totals} totals
 */
export function summary ({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * The failures, each below a line that begins with `failed: `. They are repeated at
 * the end because logs are read from the end, and only the end may be kept.
 *
 * @param {Suite[]} suites
 */
export function failures (suites) {
  return suites.flatMap(({ name, results }) => (results?.tests ?? [])
    .filter(test => test.state === 'failed')
    .map(({ title, error = '' }) => [`failed: ${name}: ${title}`, ...error.split('\n').slice(0, MOST_LINES).map(line => `  ${line}`)].join('\n')))
}

/**
 * @param {string} output - of a command that ended with a {@link summary}
 * @returns {Totals | undefined}
 */
export function parseSummary (output) {
  const match = output.match(/^\d+ passed, \d+ failed(?:, \d+ skipped)?$/gm)?.at(-1)

  if (match == null) {
    return undefined
  }

  const [passed, failed, skipped = 0] = match.match(/\d+/g)?.map(Number) ?? []

  return { passed, failed, skipped }
}
