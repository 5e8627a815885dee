import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join, relative } from 'node:path'
import { findKubo } from '../../packages/interop/src/find-kubo.ts'
import { summary } from './results.mjs'
import { root } from './root.mjs'

/** @import { Suite, Totals } from './types.ts' */

/**
 * Records a run of the tests at full size in docs/full-run.md.
 *
 * @param {Suite[]} suites
 * @param {Totals} totals
 * @returns {string} the file's path
 */
export function writeFullRun (suites, totals) {
  const file = join(root, 'docs', 'full-run.md')
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' }).trim()
  const lines = [
    '# The tests at full size',
    '',
    '> Written by `npm run test:full`; do not edit.',
    '',
    `Commit ${commit}, ${new Date().toISOString().slice(0, 10)}: ${summary(totals)}.`,
    `Node ${process.versions.node}, kubo ${findKubo()?.version ?? 'absent'}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory.`
  ]

  for (const { name, results } of suites) {
    lines.push('', `## ${name}`, '', '| test | result | seconds |', '|---|---|---:|')

    for (const { title, state, ms } of results?.tests ?? []) {
      lines.push(`| ${title.replaceAll('|', '\\|')} | ${state} | ${(ms / 1000).toFixed(1)} |`)
    }
  }

  writeFileSync(file, `${lines.join('\n')}\n`)

  return relative(root, file)
}
