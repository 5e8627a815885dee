/**
 * A thread that plays runs: handed a first seed and a number of them, it
 * answers with the result of each batch.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { applyMutant } from './mutant.ts'
import type { Batch, BatchResult, WorkerInit } from './pool.ts'

const { mutant } = workerData as WorkerInit
const state = mutant == null ? undefined : applyMutant(mutant)
// checking the engine's state would report a contradiction before the harm that the mutant does
const sound = mutant == null || mutant.breaks.includes('state')
// only when the hooks are in place
const { runBatch } = await import('./batch.ts')

if (state?.applied === false) {
  throw new Error(`no module loads ${mutant?.file}, so the mutant "${mutant?.name}" was not applied`)
}

parentPort?.on('message', async (batch: Batch) => {
  const result: BatchResult = await runBatch(batch, { sound })
  parentPort?.postMessage(result)
})
