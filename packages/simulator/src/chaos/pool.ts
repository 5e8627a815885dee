import { Worker } from 'node:worker_threads'
import { addFeatures } from './features.ts'
import type { FeatureCounts } from './features.ts'
import type { Mutant } from './mutant.ts'
import type { RunResult } from './run.ts'

/** Seeds that follow each other, for one thread. */
export interface Batch {
  readonly first: number
  readonly count: number
  readonly stopAtFailure: boolean
}

/** The result of a thread's batch. */
export interface BatchResult {
  readonly ran: number
  /** Simulated ms. */
  readonly simulated: number
  /** The longest that it took after the last fault until every want had what it can get, simulated ms. */
  readonly longestRecovery: number
  /** The greatest share of the time that limits allow for that. */
  readonly recoveryShare: number
  /** In how many of the runs each feature was met. */
  readonly features: FeatureCounts
  readonly failures: readonly RunResult[]
}

/** What a thread is started with. */
export interface WorkerInit {
  /** A bug to put into the router. */
  readonly mutant?: Mutant
}

interface SeedsInit extends WorkerInit {
  readonly first: number
  readonly count: number
  readonly threads: number
  /** Default true. */
  readonly stopAtFailure?: boolean
  /** Called after each batch, with the sums so far. */
  progress? (sum: BatchResult): void
}

// about a quarter of a second
const BATCH = 25

/** Plays the runs of many seeds in their own threads. Rejects if one of them throws outside of a run. */
export async function runSeeds ({ first, count, threads, mutant, stopAtFailure = true, progress }: SeedsInit): Promise<BatchResult> {
  const end = first + count
  const failures: RunResult[] = []
  let sum: BatchResult = { ran: 0, simulated: 0, longestRecovery: 0, recoveryShare: 0, features: {}, failures }
  let next = first

  function nextBatch (): Batch | undefined {
    if (next >= end || (stopAtFailure && failures.length > 0)) {
      return undefined
    }

    const batch = { first: next, count: Math.min(BATCH, end - next), stopAtFailure }
    next += batch.count

    return batch
  }

  async function work (): Promise<void> {
    // as source or as built, whichever this is; a test runner may have flags that warn
    const file = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
    const worker = new Worker(file, { workerData: { mutant } satisfies WorkerInit, execArgv: ['--disable-warning=ExperimentalWarning'] })

    try {
      await new Promise<void>((resolve, reject) => {
        let batch: Batch | undefined

        const fail = (reason: unknown): void => {
          reject(new Error(`a thread ended unexpectedly in the ${batch?.count} runs from seed ${batch?.first} on`, { cause: reason }))
        }

        const send = (): void => {
          batch = nextBatch()

          if (batch == null) {
            resolve()
          } else {
            worker.postMessage(batch)
          }
        }

        worker.on('error', err => { (isOutOfMemory(err) ? fail : reject)(err) })
        worker.on('exit', code => { fail(`code ${code}`) })
        worker.on('message', (result: BatchResult) => {
          failures.push(...result.failures)
          sum = {
            ran: sum.ran + result.ran,
            simulated: sum.simulated + result.simulated,
            longestRecovery: Math.max(sum.longestRecovery, result.longestRecovery),
            recoveryShare: Math.max(sum.recoveryShare, result.recoveryShare),
            features: addFeatures(sum.features, result.features),
            failures
          }
          progress?.(sum)
          send()
        })
        send()
      })
    } finally {
      worker.removeAllListeners('exit')
      await worker.terminate()
    }
  }

  await Promise.all(Array.from({ length: Math.min(threads, Math.ceil(count / BATCH)) }, work))
  failures.sort((a, b) => a.seed - b.seed)

  return sum
}

/** If a run takes all memory, this says so; of other errors the error itself says more. */
function isOutOfMemory (err: Error): boolean {
  return (err as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
}
