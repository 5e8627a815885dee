import { join } from 'node:path'
import { buildStale } from './lib/build.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { closure } from './lib/workspaces.mjs'

/**
 * `npm run chaos`: builds what is stale and runs the engine through hostile
 * histories. Arguments go to it.
 */
const broken = await buildStale(closure(['@kitsune/simulator']))

// here, not in the workspace, so that paths among the arguments mean what they say
process.exitCode = broken.size > 0
  ? 1
  : await run(process.execPath, [join(root, 'packages', 'simulator', 'dist', 'src', 'chaos', 'bin.js'), ...process.argv.slice(2)])
