import { seededBlock } from '../blocks.ts'
import { createWirePeer } from '../wire-peer.ts'
import type { TestBlock } from '../blocks.ts'
import type { WirePeer } from '../wire-peer.ts'

/** Times of wants, ms. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
  /** Wants that were not served in time. */
  readonly lost: number
  readonly count: number
}

/** Clients that want one fresh block after another, and measure how long they wait. */
export interface HonestClient {
  /** Measures for this time, ms; one want at least. */
  measure (duration: number): Promise<Latencies>
  stop (): Promise<void>
}

const INTERVAL = 50
const MAX_WAIT = 20_000

/** Connects to a balancer; `hold` gives its member a block. */
export async function createHonestClient (address: string, name: string, hold: (block: TestBlock) => void): Promise<HonestClient> {
  const client: WirePeer = await createWirePeer()
  const balancer = await client.connect(address)
  let serial = 0

  async function once (): Promise<number> {
    const block = await seededBlock(1_000, `${name} ${serial++}`)
    hold(block)
    const begin = performance.now()

    try {
      await client.fetch(balancer, [block.cid], MAX_WAIT)
    } catch {
      return Infinity
    }

    return performance.now() - begin
  }

  return {
    async measure (duration) {
      const end = performance.now() + duration
      const times: number[] = []

      do {
        times.push(await once())
        await new Promise(resolve => { setTimeout(resolve, INTERVAL) })
      } while (performance.now() < end)

      const sorted = times.filter(Number.isFinite).sort((a, b) => a - b)
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity

      return { p50: at(0.5), p99: at(0.99), lost: times.length - sorted.length, count: times.length }
    },
    stop: async () => client.stop()
  }
}
