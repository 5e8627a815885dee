import { delay, memberMetric, membersUp, quantile, shares, stack, timedFetch } from '@kitsune/interop'
import { sequence } from './popularity.ts'
import type { StrategyScenario } from './scenarios.ts'
import type { Balancer } from '@kitsune/interop'
import type { CID } from 'multiformats/cid'

/** One run of one strategy in one scenario, with a new balancer and new clients. */
export interface StrategyRun {
  scenario: string
  strategy: string
  /** Runs with the same number followed each other and had the same identity, and so the same ranks of members. */
  pair: number
  wants: number
  seconds: number
  /** Milliseconds from a want to its block. */
  p50: number
  p99: number
  /** Each member's share of all asks, in the order of the nodes. */
  shares: number[]
  /** How many wants each member was asked for and did not have. */
  dontHaves: number[]
  /** Wants that joined an open fetch. */
  coalesced: number
  /** The most wants seen open at one member at a time, in samples. */
  peakOpen: number
}

interface StrategyRunInit {
  scenario: StrategyScenario
  strategy: string
  pair: number
  /** The addresses of the nodes, as the balancer gets them. */
  members: readonly string[]
  cids: readonly CID[]
  /** The file with the balancer's key. */
  keyFile: string
}

const SAMPLE_MS = 20

/** @throws {WaitError} if a block did not come */
export async function runStrategy (init: StrategyRunInit): Promise<StrategyRun> {
  const { scenario, strategy, pair, members, cids, keyFile } = init
  const peers = stack()

  try {
    const balancer = await peers.balancer({ downstreams: members, keyFile, args: ['--strategy', strategy] })
    await membersUp(balancer, members)

    const clients = await Promise.all(Array.from({ length: scenario.clients }, async () => peers.wire()))
    await Promise.all(clients.map(async client => client.connect(balancer.tcp)))

    const total = scenario.warmup + scenario.wants
    const order = sequence(scenario.popularity, scenario.blocks, total, `${scenario.name}/${pair}`).map(i => cids[i])

    const fetch = async (wanted: readonly CID[]): Promise<number[]> => {
      const each = Math.ceil(wanted.length / clients.length)
      const took = await Promise.all(clients.map(async (client, i) =>
        timedFetch(client, balancer.peerId, wanted.slice(i * each, (i + 1) * each), { open: scenario.open })))

      return took.flat()
    }

    await fetch(order.slice(0, scenario.warmup))

    const before = await counts(balancer, members)
    const sampler = samplePeak(balancer, members)
    const start = performance.now()
    const took = await fetch(order.slice(scenario.warmup))
    const seconds = (performance.now() - start) / 1_000
    const peakOpen = await sampler.stop()
    const after = await counts(balancer, members)

    return {
      scenario: scenario.name,
      strategy,
      pair,
      wants: took.length,
      seconds,
      p50: quantile(took, 0.5),
      p99: quantile(took, 0.99),
      shares: shares(after.asks.map((asks, i) => asks - before.asks[i])),
      dontHaves: after.dontHaves.map((dontHaves, i) => dontHaves - before.dontHaves[i]),
      coalesced: after.coalesced - before.coalesced,
      peakOpen
    }
  } finally {
    await peers.stop()
  }
}

async function counts (balancer: Balancer, members: readonly string[]): Promise<{ asks: number[], dontHaves: number[], coalesced: number }> {
  return {
    asks: await memberMetric(balancer, 'asks_total', members),
    dontHaves: await memberMetric(balancer, 'dont_haves_total', members),
    coalesced: await balancer.metric('kitsune_router_coalesced_wants_total')
  }
}

function samplePeak (balancer: Balancer, members: readonly string[]): { stop (): Promise<number> } {
  const done = new AbortController()
  let peak = 0

  const sampling = (async () => {
    while (!done.signal.aborted) {
      peak = Math.max(peak, ...await memberMetric(balancer, 'open_wants', members))
      await delay(SAMPLE_MS)
    }
  })()
  // stop() awaits it; until then the error of a balancer that is gone must not end the process
  sampling.catch(() => {})

  return {
    async stop () {
      done.abort()
      await sampling

      return peak
    }
  }
}
