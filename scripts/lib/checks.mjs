/* eslint-disable no-console */
import { summary } from './results.mjs'
import { root } from './root.mjs'
import { run } from './run.mjs'

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} command
 * @property {string[]} args
 * @property {string} [cwd] - the root if there is none
 */

/**
 * Runs every check, whatever the others find, and tells how many passed. The exit
 * code of this process says whether all did.
 *
 * @param {Check[]} checks
 */
export async function runChecks (checks) {
  const totals = { passed: 0, failed: 0, skipped: 0 }

  for (const { name, command, args, cwd = root } of checks) {
    const code = await run(command, args, { cwd })

    console.log(`${code === 0 ? 'passed' : 'failed'}: ${name}`)
    totals[code === 0 ? 'passed' : 'failed']++
  }

  console.log(summary(totals))
  process.exitCode = totals.failed === 0 ? 0 : 1
}
