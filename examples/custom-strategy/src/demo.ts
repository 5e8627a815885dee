import { createBlockClient } from '@kitsune/want-router/client'
import { identify } from '@libp2p/identify'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { createHost, startNode, startRouter } from './hosts.ts'
import type { StrategyFactory } from '@kitsune/want-router'

/** How many blocks each node served to a client, by the node's id. */
export type Served = Readonly<Record<string, number>>

/**
 * Starts two nodes in zones a and b that hold the same blocks, and a router in
 * front of them. A client fetches twenty blocks one after another through the
 * router, and then two hundred at once.
 */
export async function demo (strategy: StrategyFactory): Promise<{ calm: Served, rush: Served }> {
  const cids: CID[] = []
  const blocks = new Map<string, Uint8Array>()

  for (let i = 0; i < 220; i++) {
    const bytes = new TextEncoder().encode(`block ${i}`)
    const cid = CID.createV1(raw.code, await sha256.digest(bytes))
    cids.push(cid)
    blocks.set(cid.toString(), bytes)
  }

  const stops: Array<() => Promise<void>> = []

  try {
    const nodes = await Promise.all(['a', 'b'].map(async zone => startNode({ id: `node-${zone}`, zone, blocks, latency: 5 })))
    stops.push(...nodes.map(({ host }) => async () => host.stop()))
    const router = await startRouter(nodes, strategy)
    stops.push(async () => router.stop())
    const host = await createHost({ identify: identify() })
    stops.push(async () => host.stop())
    const client = await createBlockClient(host, router.getMultiaddrs()[0])

    const serving = async (fetch: () => Promise<void>): Promise<Served> => {
      const before = nodes.map(({ served }) => served)
      await fetch()

      return Object.fromEntries(nodes.map(({ id, served }, i) => [id, served - before[i]]))
    }

    return {
      calm: await serving(async () => {
        for (const cid of cids.slice(0, 20)) {
          await client.get(cid)
        }
      }),
      rush: await serving(async () => { await Promise.all(cids.slice(20).map(async cid => client.get(cid))) })
    }
  } finally {
    for (const stop of stops.reverse()) {
      await stop()
    }
  }
}
