import { seededBlock } from '../blocks.ts'
import { WaitError } from '../errors.ts'
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

/** While something goes on, an honest client that was there before wants one thing after another; throws an error if any of it is lost. */
export async function besideHonest (address: string, name: string, hold: (block: TestBlock) => unknown, run: () => Promise<unknown>): Promise<void> {
  const honest = await createHonestClient(address, name, hold)
  const state = { over: false }
  let lost = 0
  let count = 0

  try {
    await honest.measure(0)
    const measured = (async () => {
      while (!state.over) {
        const latencies = await honest.measure(0)
        lost += latencies.lost
        count += latencies.count
      }
    })()

    try {
      await run()
    } finally {
      state.over = true
      await measured
    }
  } finally {
    await honest.stop()
  }

  if (lost > 0 || count === 0) {
    throw new WaitError(`an honest client lost ${lost} of ${count} wants`)
  }
}

/** Between two wants, ms: within five seconds there are two in a hundred for the slowest to be one of. */
const INTERVAL = 25
const MAX_WAIT = 20_000

/** Connects to a balancer; `hold` gives its member a block, and may return a promise. */
export async function createHonestClient (address: string, name: string, hold: (block: TestBlock) => unknown): Promise<HonestClient> {
  const client: WirePeer = await createWirePeer()
  const balancer = await client.connect(address)
  let serial = 0

  async function once (): Promise<number> {
    const block = await seededBlock(1_000, `${name} ${serial++}`)
    await hold(block)
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
