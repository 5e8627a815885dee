import { join } from 'node:path'
import { findKubo } from '../packages/interop/src/find-kubo.ts'
import { buildStale } from './lib/build.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { closure } from './lib/workspaces.mjs'

/**
 * `npm run bench`: builds what is stale and runs the benchmarks. Arguments are
 * passed on. Some benchmarks need a kubo, and say so if there is none.
 */
const kubo = findKubo()
const broken = await buildStale(closure(['@kitsune/benchmarks']))

// run here, not in the workspace, so that relative paths among the arguments work
process.exitCode = broken.size > 0
  ? 1
  : await run(process.execPath, [join(root, 'packages', 'benchmarks', 'dist', 'src', 'bin.js'), ...process.argv.slice(2)], {
    env: { ...process.env, ...(kubo == null ? {} : { KUBO_BINARY: kubo.path }) }
  })
