import { join } from 'node:path'
import { buildStale } from './lib/build.mjs'
import { root } from './lib/root.mjs'
import { closure } from './lib/workspaces.mjs'

/**
 * `npm start`: builds what is missing and becomes the balancer. Arguments go to
 * it; without `-d` it serves an embedded DAG.
 */
const start = join(root, 'examples', 'balancer', 'dist', 'src', 'start.js')

const broken = await buildStale(closure(['kitsune-balancer']))

if (broken.size > 0) {
  process.exit(1)
}

// in this process, so that a signal for npm's child is one for the balancer
process.argv[1] = start
await import(start)
