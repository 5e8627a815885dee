/**
 * A thread that runs histories: handed a first seed and a number of them, it
 * answers with what became of each batch.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { plant } from './plant.ts'
import type { Batch, BatchResult, WorkerInit } from './pool.ts'

const { bug } = workerData as WorkerInit
const planted = bug == null ? undefined : plant(bug)
// a contradiction in the engine's state shows before the harm that a bug is to do
const sound = bug == null || bug.laws.includes('state')
// not before the hooks are in place
const { runBatch } = await import('./batch.ts')

if (planted?.planted === false) {
  throw new Error(`${bug?.file} is loaded by nothing: the planted bug "${bug?.name}" is nowhere`)
}

parentPort?.on('message', (batch: Batch) => {
  const result: BatchResult = runBatch(batch, { sound })
  parentPort?.postMessage(result)
})
