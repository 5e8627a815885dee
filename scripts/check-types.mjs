/* eslint-disable no-console */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { buildStale } from './lib/build.mjs'
import { summary } from './lib/results.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { workspaces } from './lib/workspaces.mjs'

/**
 * `npm run check-types`: type-checks these scripts and the sources, tests and
 * examples of every workspace. Neither the linter nor the tests do this.
 */
await buildStale(workspaces())

const folders = [root, ...workspaces().map(({ folder }) => folder)].filter(folder => existsSync(join(folder, 'tsconfig.json')))
const totals = { passed: 0, failed: 0, skipped: 0 }

for (const folder of folders) {
  const code = await run(join(root, 'node_modules', '.bin', 'tsc'), ['--noEmit', '--project', folder], { cwd: root })

  console.log(`${code === 0 ? 'passed' : 'failed'}: ${folder}`)
  totals[code === 0 ? 'passed' : 'failed']++
}

console.log(summary(totals))
process.exitCode = totals.failed === 0 ? 0 : 1
