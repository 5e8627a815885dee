/* eslint-disable no-console */
import { join } from 'node:path'
import { findKubo, kuboMissing, searchKubo } from '../packages/interop/src/find-kubo.ts'
import { buildStale } from './lib/build.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { closure } from './lib/workspaces.mjs'

/**
 * `npm run bench`: builds what is stale and runs the benchmarks, against real
 * kubos. Arguments go to them.
 */
const kubo = findKubo()

if (kubo == null) {
  console.error(kuboMissing(searchKubo()))
  process.exit(1)
}

const broken = await buildStale(closure(['@kitsune/benchmarks']))

// run here, not in the workspace, so that relative paths among the arguments work
process.exitCode = broken.size > 0
  ? 1
  : await run(process.execPath, [join(root, 'packages', 'benchmarks', 'dist', 'src', 'bin.js'), ...process.argv.slice(2)], {
    env: { ...process.env, KUBO_BINARY: kubo.path }
  })
