import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startKubo, temporaryFolder } from '@kitsune/interop'
import { fill } from '../blocks.ts'
import { buildClient } from '../client.ts'
import { progress } from '../print.ts'
import { runHttp } from './run.ts'
import { DOORS } from './scenarios.ts'
import type { HttpRun } from './run.ts'
import type { Door, HttpScenario } from './scenarios.ts'

/**
 * All runs of all scenarios, one after the other, the doors in turn, against one
 * kubo that holds every block.
 *
 * @throws {MissingToolError} if the client cannot be built
 * @throws {RunError} if blocks were missing
 */
export async function measureHttp (kubo: string, scenarios: readonly HttpScenario[], pairs: number): Promise<HttpRun[]> {
  progress('building the client')
  const client = await buildClient()
  progress('starting kubo')
  const node = await startKubo(kubo, { gateway: {} })
  const results: HttpRun[] = []

  try {
    const folder = temporaryFolder('benchmark')

    for (const scenario of scenarios) {
      const { name, blocks, warmup, blockSize } = scenario
      progress(`putting ${blocks + warmup} blocks of ${blockSize} bytes into kubo`)
      const cids = join(folder, name)
      writeFileSync(cids, (await fill(node, blockSize, blocks + warmup)).join('\n'))
      // otherwise the first subject would read the disk
      await runHttp({ scenario, door: 'kubo', pair: -1, node, client, cids })

      for (const { door, pair } of httpTurns(pairs)) {
        const result = await runHttp({ scenario, door, pair, node, client, cids })
        results.push(result)
        progress(`${name} ${pair + 1}/${pairs} ${line(result)}`)
      }
    }
  } finally {
    await node.stop()
  }

  return results
}

/** Interleaved; every second pair runs the other way round, so that no door always follows the same other one. */
export function httpTurns (pairs: number, doors: readonly Door[] = DOORS): Array<{ door: Door, pair: number }> {
  return Array.from({ length: pairs }, (_, pair) => (pair % 2 === 0 ? doors : [...doors].reverse()).map(door => ({ door, pair }))).flat()
}

function line ({ door, megabytesPerSecond, requestsPerSecond, p50, p99, cpuSecondsPerGiB }: HttpRun): string {
  return `${door}: ${megabytesPerSecond.toFixed(1)} MB/s, ${requestsPerSecond.toFixed(0)} requests/s, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, CPU ${cpuSecondsPerGiB.toFixed(2)} s/GiB`
}
