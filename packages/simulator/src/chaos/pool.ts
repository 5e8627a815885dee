import { Worker } from 'node:worker_threads'
import type { HistoryResult } from './history.ts'
import type { Mutant } from './mutant.ts'

export interface Batch {
  readonly first: number
  readonly count: number
  readonly stopAtFailure: boolean
}

export interface BatchResult {
  readonly ran: number
  /** Simulated ms. */
  readonly simulated: number
  /** The longest that it took after the last fault until all was served, simulated ms. */
  readonly longestHeal: number
  readonly failures: readonly HistoryResult[]
}

export interface WorkerInit {
  /** A bug to put into the router. */
  readonly mutant?: Mutant
}

export interface SeedsInit extends WorkerInit {
  readonly first: number
  readonly count: number
  readonly threads: number
  /** Default true. */
  readonly stopAtFailure?: boolean
  /** Called after each batch, with the sum so far. */
  progress? (sum: BatchResult): void
}

// about a quarter of a second
const BATCH = 25

/** Runs the histories of many seeds in threads of their own. Rejects if one of them throws outside of a history. */
export async function runSeeds ({ first, count, threads, mutant, stopAtFailure = true, progress }: SeedsInit): Promise<BatchResult> {
  const end = first + count
  const failures: HistoryResult[] = []
  let sum: BatchResult = { ran: 0, simulated: 0, longestHeal: 0, failures }
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
        const send = (): void => {
          const batch = nextBatch()
          if (batch == null) {
            resolve()
          } else {
            worker.postMessage(batch)
          }
        }
        worker.on('error', reject)
        worker.on('exit', code => { reject(new Error(`a thread ended by itself (${code})`)) })
        worker.on('message', (result: BatchResult) => {
          failures.push(...result.failures)
          sum = {
            ran: sum.ran + result.ran,
            simulated: sum.simulated + result.simulated,
            longestHeal: Math.max(sum.longestHeal, result.longestHeal),
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
