import { runHistory } from './history.ts'
import type { HistoryOptions, HistoryResult } from './history.ts'
import type { Batch, BatchResult } from './pool.ts'

/** Runs the histories of a batch, up to the first that breaks a law if that is to be the end. */
export function runBatch ({ first, count, stopAtFailure }: Batch, options: HistoryOptions = {}): BatchResult {
  const failures: HistoryResult[] = []
  let ran = 0
  let simulated = 0
  let longestHeal = 0

  for (let seed = first; seed < first + count; seed++) {
    const result = runHistory(seed, options)
    ran++
    simulated += result.ms
    longestHeal = Math.max(longestHeal, result.healedIn)
    if (result.broken != null) {
      failures.push(result)
      if (stopAtFailure) {
        break
      }
    }
  }

  return { ran, simulated, longestHeal, failures }
}
