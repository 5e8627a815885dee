import { startClient } from '../client.ts'
import { RunError } from '../errors.ts'
import { cpuUsage, since } from '../process-usage.ts'
import { startHttpBalancer } from '../subjects.ts'
import type { HttpSubject } from '../subjects.ts'
import type { Door, HttpScenario } from './scenarios.ts'
import type { Kubo } from '@kitsune/interop'

/** One run through one door, with a new balancer and a new client. */
export interface HttpRun {
  scenario: string
  door: Door
  /** Runs with the same number followed each other. */
  pair: number
  /** Millions of bytes of blocks a second; 0 for `head`. */
  megabytesPerSecond: number
  requestsPerSecond: number
  /** Milliseconds from a request to its verified block. */
  p50: number
  p99: number
  /** CPU time of the balancer, or of kubo; 0 for `head`. */
  cpuSecondsPerGiB: number
  cpuSecondsPer10kRequests: number
}

interface HttpRunInit {
  scenario: HttpScenario
  door: Door
  pair: number
  node: Kubo
  client: string
  /** File of CIDs. */
  cids: string
}

/** @throws {RunError} if blocks were missing */
export async function runHttp ({ scenario, door, pair, node, client: binary, cids }: HttpRunInit): Promise<HttpRun> {
  const balancer = door === 'kubo' ? undefined : await startHttpBalancer(node.url)
  const pid = balancer?.pid ?? node.pid

  try {
    const { open, blocks, blockSize, warmup } = scenario
    const client = await startClient({ binary, cids, open, warmup, ...addressOf(door, balancer, node) })

    try {
      const before = cpuUsage(pid)
      const result = await client.run()
      const cpu = since(before, cpuUsage(pid)).total
      const seconds = result.milliseconds / 1000
      const bytes = door === 'head' ? 0 : blocks * blockSize

      if (result.blocks !== blocks || result.bytes !== bytes) {
        throw new RunError(`${door}, ${scenario.name}: ${result.blocks} of ${blocks} blocks, ${result.bytes} of ${bytes} bytes`)
      }

      return {
        scenario: scenario.name,
        door,
        pair,
        megabytesPerSecond: bytes / 1e6 / seconds,
        requestsPerSecond: blocks / seconds,
        p50: result.p50,
        p99: result.p99,
        cpuSecondsPerGiB: bytes === 0 ? 0 : cpu / (bytes / 2 ** 30),
        cpuSecondsPer10kRequests: cpu / (blocks / 10_000)
      }
    } finally {
      await client.stop()
    }
  } finally {
    await balancer?.stop()
  }
}

function addressOf (door: Door, balancer: HttpSubject | undefined, node: Kubo): { address: string, http?: 1 | 2, head?: boolean } {
  switch (door) {
    case 'kubo': return { address: node.gateway }
    case 'bitswap': return { address: balancer?.address ?? '' }
    case 'https1': return { address: balancer?.https ?? '' }
    case 'http2': return { address: balancer?.https ?? '', http: 2 }
    default: return { address: balancer?.http ?? '', head: door === 'head' }
  }
}
