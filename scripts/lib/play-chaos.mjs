/* eslint-disable no-console */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './root.mjs'

/**
 * Plays seeds of chaos with the built code. The arguments are the first seed and
 * the number of seeds. It does not check the engine's state after each step:
 * that takes ten times as long, and reaches no other code.
 */
const [first, count] = process.argv.slice(2).map(Number)
const { runBatch } = await import(pathToFileURL(join(root, 'packages', 'simulator', 'dist', 'src', 'chaos', 'batch.js')).href)
const { failures } = await runBatch({ first, count, stopAtFailure: false }, { sound: false })

for (const { seed } of failures) {
  console.error(`a run broke an invariant: npm run chaos -- --seed ${seed}`)
}

process.exitCode = failures.length === 0 ? 0 : 1
