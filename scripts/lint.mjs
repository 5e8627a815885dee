/* eslint-disable no-console */
import { join } from 'node:path'
import { summary } from './lib/results.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'

/**
 * `npm run lint`: lints these scripts, the rules that hold across workspaces, and
 * each workspace. What one of them finds does not hide what the others would.
 */
const bin = join(root, 'node_modules', '.bin')
const parts = [
  ['scripts', 'aegir', 'lint', '--files', 'scripts/**/*.{mjs,cjs,ts}'],
  ['across workspaces', 'eslint', '--quiet', 'packages', 'examples'],
  ['workspaces', 'aegir', 'run', 'lint']
]
const totals = { passed: 0, failed: 0, skipped: 0 }

for (const [name, command, ...args] of parts) {
  const code = await run(join(bin, command), args, { cwd: root })

  console.log(`${code === 0 ? 'passed' : 'failed'}: lint of ${name}`)
  totals[code === 0 ? 'passed' : 'failed']++
}

console.log(summary(totals))
process.exitCode = totals.failed === 0 ? 0 : 1
