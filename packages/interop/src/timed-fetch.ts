import type { WirePeer } from './wire-peer.ts'
import type { CID } from 'multiformats/cid'

/** How many wants are open at a time, and how long each may take. */
export interface TimedFetchInit {
  /** How many wants are kept open. */
  open: number
  /** How long one block may take, ms; default: 10,000. */
  timeout?: number
}

/**
 * Fetches blocks, a fixed number at a time and each with its own message, and returns
 * how many ms each took, in the order of `cids`. A CID that occurs again is asked
 * for again; if it is still open it is not, and one block ends both.
 * Throws WaitError for the first block that does not come.
 */
export async function timedFetch (client: WirePeer, peer: string, cids: readonly CID[], { open, timeout }: TimedFetchInit): Promise<number[]> {
  const took: number[] = []
  // how often each had arrived when it was asked for
  const asked = new Map<string, number>()
  let next = 0

  const work = async (): Promise<void> => {
    while (next < cids.length) {
      const i = next++
      const id = cids[i].toString()
      const before = client.arrivals.get(id) ?? 0
      const start = performance.now()

      if (asked.get(id) !== before) {
        asked.set(id, before)
        await client.want(peer, [cids[i]])
      }

      await client.until(() => (client.arrivals.get(id) ?? 0) > before, `block ${i}, ${id}`, timeout)
      took[i] = performance.now() - start
    }
  }

  await Promise.all(Array.from({ length: open }, work))

  return took
}

/** The value that a share `q` of the values is below: the nearest rank. */
export function quantile (values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)

  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)]
}
