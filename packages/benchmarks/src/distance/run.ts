import { startRelay } from '@kitsune/interop'
import { startClient } from '../client.ts'
import { RunError } from '../errors.ts'
import { cpuUsage, peakRss, since } from '../process-usage.ts'
import { startBalancer } from '../subjects.ts'
import { DISTANT_BLOCK } from './scenarios.ts'
import type { DistanceScenario, Leg } from './scenarios.ts'
import type { Kubo } from '@kitsune/interop'

/** One run of one leg at one distance, with a new balancer and a new client. */
export interface DistanceRun {
  scenario: string
  leg: Leg
  /** Runs with the same number followed each other. */
  pair: number
  seconds: number
  /** Millions of bytes of blocks a second. */
  megabytesPerSecond: number
  /** Milliseconds from a want to its verified block. */
  p50: number
  p99: number
  /** CPU time of the balancer during the measurement; 0 for `direct`. */
  cpuSeconds: number
  /** Peak memory of the balancer from its start to the end of the run, bytes; 0 for `direct`. */
  peakRss: number
  /** Streams that were opened to the client. */
  inboundStreams: number
}

interface DistanceRunInit {
  scenario: DistanceScenario
  leg: Leg
  pair: number
  node: Kubo
  client: string
  /** File of CIDs. */
  cids: string
}

/** @throws {RunError} if blocks were missing or were not those asked for */
export async function runDistance ({ scenario, leg, pair, node, client: binary, cids }: DistanceRunInit): Promise<DistanceRun> {
  const stops: Array<() => Promise<unknown>> = []

  const far = async (address: string): Promise<string> => {
    const relay = await startRelay(address, { delay: scenario.rtt, bandwidth: scenario.bandwidth })
    stops.push(relay.stop)

    return relay.address
  }

  const through = async (downstream: string): Promise<{ address: string, pid: number }> => {
    const balancer = await startBalancer(downstream)
    stops.push(balancer.stop)

    return balancer
  }

  try {
    const balancer = leg === 'direct' ? undefined : await through(leg === 'far-member' ? await far(node.tcp) : node.tcp)
    const address = leg === 'far-member' ? balancer?.address : await far(balancer?.address ?? node.tcp)
    const client = await startClient({ binary, address: address ?? '', cids, open: scenario.open, warmup: scenario.warmup })
    stops.push(client.stop)

    const before = balancer == null ? undefined : cpuUsage(balancer.pid)
    const { blocks, bytes, milliseconds, p50, p99, dontHaves, unexpected, inboundStreams } = await client.run()

    if (dontHaves > 0 || unexpected > 0 || bytes !== scenario.blocks * DISTANT_BLOCK) {
      throw new RunError(`${leg}, ${scenario.name}: ${blocks} of ${scenario.blocks} blocks, ${dontHaves} DONT_HAVEs, ${unexpected} unsolicited`)
    }

    return {
      scenario: scenario.name,
      leg,
      pair,
      seconds: milliseconds / 1_000,
      megabytesPerSecond: bytes / 1e3 / milliseconds,
      p50,
      p99,
      cpuSeconds: balancer == null || before == null ? 0 : since(before, cpuUsage(balancer.pid)).total,
      peakRss: balancer == null ? 0 : peakRss(balancer.pid),
      inboundStreams
    }
  } finally {
    // clients first, or a balancer waits for their transfers
    for (const stop of stops.reverse()) {
      await stop()
    }
  }
}
