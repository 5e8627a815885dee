/**
 * A thread that plays runs: handed a first seed and a number of them, it
 * answers with what became of each batch.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { plantMutant } from './mutant.ts'
import type { Batch, BatchResult, WorkerInit } from './pool.ts'

const { mutant } = workerData as WorkerInit
const state = mutant == null ? undefined : plantMutant(mutant)
// a contradiction in the engine's state shows before the harm that a mutant is to do
const sound = mutant == null || mutant.breaks.includes('state')
// not before the hooks are in place
const { runBatch } = await import('./batch.ts')

if (state?.planted === false) {
  throw new Error(`${mutant?.file} is loaded by nothing: the mutant "${mutant?.name}" is nowhere`)
}

parentPort?.on('message', async (batch: Batch) => {
  const result: BatchResult = await runBatch(batch, { sound })
  parentPort?.postMessage(result)
})
