import { join } from 'node:path'
import { buildStale } from './lib/build.mjs'
import { root } from './lib/root.mjs'
import { closure } from './lib/workspaces.mjs'

/**
 * `npm start`: builds what is missing and runs the balancer in this process.
 * Arguments are passed on; without `-d` the balancer serves an embedded DAG.
 */
const start = join(root, 'examples', 'balancer', 'dist', 'src', 'start.js')

const broken = await buildStale(closure(['kitsune-balancer']))

if (broken.size > 0) {
  process.exit(1)
}

// in this process, so that a signal to npm's child reaches the balancer
process.argv[1] = start
await import(start)
