import { join } from 'node:path'
import { createDag, leafCids, stack, startRelay, temporaryFolder } from '@kitsune/interop'
import { progress } from '../print.ts'
import { runStrategy } from './run.ts'
import { BLOCK_SIZE } from './scenarios.ts'
import type { StrategyRun } from './run.ts'
import type { StrategyScenario } from './scenarios.ts'
import type { Stack } from '@kitsune/interop'

/**
 * All runs of all scenarios, one after the other, strategies in turn.
 *
 * @throws {StartError} if a node or a balancer does not come up
 */
export async function measureStrategies (kubo: string, scenarios: readonly StrategyScenario[], pairs: number): Promise<StrategyRun[]> {
  const keys = temporaryFolder('benchmark')
  const results: StrategyRun[] = []

  for (const scenario of scenarios) {
    const nodes = stack(() => kubo)

    try {
      progress(`${scenario.name}: starting ${scenario.nodes.length} kubos`)
      const file = { size: scenario.blocks * BLOCK_SIZE, blockSize: BLOCK_SIZE, seed: scenario.name }
      const members = await startNodes(nodes, kubo, scenario, file)
      const cids = await leafCids(file)

      for (const { strategy, pair } of strategyTurns(scenario, pairs)) {
        const result = await runStrategy({ scenario, strategy, pair, members, cids, keyFile: join(keys, `${scenario.name}-${pair}`) })
        results.push(result)
        progress(`${scenario.name} ${pair + 1}/${pairs} ${line(result)}`)
      }
    } finally {
      await nodes.stop()
    }
  }

  return results
}

/** The swarm address of each node, so that the balancer cannot bypass the proxy that adds latency. */
async function startNodes (nodes: Stack, kubo: string, scenario: StrategyScenario, file: { size: number, blockSize: number, seed: string }): Promise<string[]> {
  const dag = await createDag(kubo, file)

  return Promise.all(scenario.nodes.map(async ({ holds, delay = 0 }) => {
    const node = await nodes.kubo(holds === 'everything' ? { dag } : {})

    if (delay === 0) {
      return node.tcp
    }

    const relay = await startRelay(node.tcp, { delay })
    nodes.onStop(relay.stop)

    return relay.address
  }))
}

/** Interleaved; every second pair runs the other way round, so that no strategy always follows the same other one. */
export function strategyTurns ({ strategies }: StrategyScenario, pairs: number): Array<{ strategy: string, pair: number }> {
  return Array.from({ length: pairs }, (_, pair) => {
    const ordered = pair % 2 === 0 ? strategies : [...strategies].reverse()

    return ordered.map(strategy => ({ strategy, pair }))
  }).flat()
}

function line ({ strategy, p50, p99, shares, peakOpen, seconds }: StrategyRun): string {
  return `${strategy}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, shares ${shares.map(share => `${(share * 100).toFixed(1)} %`).join(' ')}, peak ${peakOpen} open, ${seconds.toFixed(1)} s`
}
