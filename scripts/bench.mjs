/* eslint-disable no-console */
import { findKubo, kuboMissing, searchKubo } from '../packages/interop/src/find-kubo.ts'
import { buildStale } from './lib/build.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { closure } from './lib/workspaces.mjs'

/**
 * `npm run bench`: builds what is stale and runs the benchmarks, against real
 * kubos. Arguments go to them.
 */
const name = '@kitsune/benchmarks'
const kubo = findKubo()

if (kubo == null) {
  console.error(kuboMissing(searchKubo()))
  process.exit(1)
}

const broken = await buildStale(closure([name]))

process.exitCode = broken.size > 0
  ? 1
  : await run('npm', ['run', 'bench', '--silent', '--workspace', name, '--', ...process.argv.slice(2)], {
    cwd: root,
    env: { ...process.env, KUBO_BINARY: kubo.path }
  })
