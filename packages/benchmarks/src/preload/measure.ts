import { poll, startBalancer, startKubo } from '@kitsune/interop'
import { progress } from '../print.ts'
import { cpuUsage, since } from '../process-usage.ts'
import { startPreloadClient } from './clients.ts'
import type { PreloadClient } from './clients.ts'
import type { PreloadScenario } from './scenarios.ts'

/** A preload and a pin of the same file that followed each other, each by a new node. */
export interface PreloadRun {
  scenario: string
  pair: number
  /** Millions of bytes a second. */
  preload: number
  pin: number
  /** Of the balancer. */
  cpuSecondsPerGiB: number
}

/**
 * All runs of all scenarios, one after the other; every second pair begins with the pin.
 *
 * @throws {RunError} if a file was not taken whole
 */
export async function measurePreload (kubo: string, scenarios: readonly PreloadScenario[], pairs: number): Promise<PreloadRun[]> {
  const runs: PreloadRun[] = []

  for (const scenario of scenarios) {
    const { name, bytes } = scenario
    progress(`${name}: adding ${bytes >> 20} MiB to the client`)
    const client = await startPreloadClient(kubo, scenario)

    try {
      for (let pair = 0; pair < pairs; pair++) {
        const run = await measurePair(kubo, client, scenario, pair)
        runs.push(run)
        progress(`${name} ${pair + 1}/${pairs}: ${run.preload.toFixed(1)} MB/s by preload, ${run.pin.toFixed(1)} by pin`)
      }
    } finally {
      await client.stop()
    }
  }

  return runs
}

async function measurePair (kubo: string, client: PreloadClient, { name, bytes }: PreloadScenario, pair: number): Promise<PreloadRun> {
  const rate = (seconds: number): number => bytes / 1e6 / seconds
  const pin = async (): Promise<number> => pinOnce(kubo, client)
  const preload = async (): Promise<Preloaded> => preloadOnce(kubo, client)

  // so that neither always comes second
  const first = pair % 2 === 0 ? undefined : await pin()
  const { seconds, cpu } = await preload()
  const pinned = first ?? await pin()

  return { scenario: name, pair, preload: rate(seconds), pin: rate(pinned), cpuSecondsPerGiB: cpu / (bytes / 2 ** 30) }
}

async function pinOnce (kubo: string, client: PreloadClient): Promise<number> {
  const node = await startKubo(kubo)

  try {
    return await secondsOf(async () => client.pin(node))
  } finally {
    await node.stop()
  }
}

interface Preloaded {
  readonly seconds: number
  readonly cpu: number
}

async function preloadOnce (kubo: string, client: PreloadClient): Promise<Preloaded> {
  const node = await startKubo(kubo)
  const balancer = await startBalancer({ downstreams: [node.url], args: ['-p', '127.0.0.1:0'] })

  try {
    await poll(balancer.ready, 'the balancer to be ready')
    const before = cpuUsage(balancer.pid)
    const seconds = await secondsOf(async () => client.preload(balancer))

    return { seconds, cpu: since(before, cpuUsage(balancer.pid)).total }
  } finally {
    await balancer.stop()
    await node.stop()
  }
}

async function secondsOf (act: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await act()

  return (performance.now() - start) / 1000
}
