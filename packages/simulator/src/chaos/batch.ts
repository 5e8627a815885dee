import { addFeatures } from './features.ts'
import { playRun } from './run.ts'
import type { FeatureCounts } from './features.ts'
import type { Batch, BatchResult } from './pool.ts'
import type { RunOptions, RunResult } from './run.ts'

/** Plays the runs of a batch; unless it is told to go on, it stops at the first that breaks an invariant. */
export async function runBatch ({ first, count, stopAtFailure }: Batch, options: RunOptions = {}): Promise<BatchResult> {
  const failures: RunResult[] = []
  let features: FeatureCounts = {}
  let ran = 0
  let simulated = 0
  let longestRecovery = 0
  let recoveryShare = 0

  for (let seed = first; seed < first + count; seed++) {
    const result = await playRun(seed, options)
    ran++
    simulated += result.ms
    longestRecovery = Math.max(longestRecovery, result.recoveredIn)
    recoveryShare = Math.max(recoveryShare, result.recoveryShare)
    features = addFeatures(features, Object.fromEntries(result.features.map(feature => [feature, 1])))

    if (result.broken != null) {
      failures.push(result)

      if (stopAtFailure) {
        break
      }
    }
  }

  return { ran, simulated, longestRecovery, recoveryShare, features, failures }
}
