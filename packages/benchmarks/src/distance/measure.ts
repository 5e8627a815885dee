import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startKubo, temporaryFolder } from '@kitsune/interop'
import { fill } from '../blocks.ts'
import { buildClient } from '../client.ts'
import { progress } from '../print.ts'
import { runDistance } from './run.ts'
import { DISTANT_BLOCK, LEGS, RAISED_LIMITS } from './scenarios.ts'
import type { DistanceRun } from './run.ts'
import type { DistanceScenario, Leg } from './scenarios.ts'

/**
 * All runs of all distances, one after the other, the legs in turn, against one
 * kubo that holds every block.
 *
 * @throws {MissingToolError} if the client cannot be built
 * @throws {RunError} if blocks were missing or were not those asked for
 */
export async function measureDistances (kubo: string, scenarios: readonly DistanceScenario[], pairs: number): Promise<DistanceRun[]> {
  progress('building the client')
  const client = await buildClient()
  progress('starting kubo')
  const node = await startKubo(kubo, { config: RAISED_LIMITS })
  const results: DistanceRun[] = []

  try {
    const count = Math.max(...scenarios.map(({ blocks, warmup }) => blocks + warmup))
    progress(`putting ${count} blocks of ${DISTANT_BLOCK} bytes into kubo`)
    const stored = await fill(node, DISTANT_BLOCK, count)
    const folder = temporaryFolder('benchmark')

    for (const scenario of scenarios) {
      const cids = join(folder, scenario.name)
      writeFileSync(cids, stored.slice(0, scenario.blocks + scenario.warmup).join('\n'))

      for (const { leg, pair } of distanceTurns(pairs)) {
        const result = await runDistance({ scenario, leg, pair, node, client, cids })
        results.push(result)
        progress(`${scenario.name} ${pair + 1}/${pairs} ${line(result)}`)
      }
    }
  } finally {
    await node.stop()
  }

  return results
}

/** Interleaved; every second pair runs the other way round, so that no leg always follows the same other one. */
export function distanceTurns (pairs: number, legs: readonly Leg[] = LEGS): Array<{ leg: Leg, pair: number }> {
  return Array.from({ length: pairs }, (_, pair) => {
    const ordered = pair % 2 === 0 ? legs : [...legs].reverse()

    return ordered.map(leg => ({ leg, pair }))
  }).flat()
}

function line ({ leg, megabytesPerSecond, p50, p99, seconds, cpuSeconds, peakRss, inboundStreams }: DistanceRun): string {
  return `${leg}: ${megabytesPerSecond.toFixed(1)} MB/s for ${seconds.toFixed(1)} s, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ` +
    `CPU ${cpuSeconds.toFixed(1)} s, peak ${(peakRss / 1e6).toFixed(0)} MB, ${inboundStreams} streams`
}
