import { join } from 'node:path'
import { buildStale } from './lib/build.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { closure } from './lib/workspaces.mjs'

/**
 * `npm run soak`: builds what is stale and loads a balancer for a long time
 * and watches its memory. Arguments are passed on.
 */
const broken = await buildStale(closure(['@kitsune/interop']))

// run here, not in the workspace, so that relative paths among the arguments work
process.exitCode = broken.size > 0
  ? 1
  : await run(process.execPath, [join(root, 'packages', 'interop', 'dist', 'src', 'soak', 'bin.js'), ...process.argv.slice(2)])
