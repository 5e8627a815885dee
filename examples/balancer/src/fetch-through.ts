import { createKuboRpc } from '@kitsune/kubo-rpc'
import { delegateTo, source } from '@kitsune/want-router'
import { perRpcNode } from './rpc-nodes.ts'
import type { Nodes } from './nodes.ts'
import type { KuboRpc } from '@kitsune/kubo-rpc'
import type { StrategyFactory, TargetInit, WantRouter } from '@kitsune/want-router'
import type { CID } from 'multiformats/cid'

/** The id of the member that stands for blocks that nodes can find elsewhere. */
export const FETCH_THROUGH = '(fetch-through)'

/** How many blocks the nodes look for at the same time, and for how long. Further blocks count as not found. */
export const DEFAULT_FETCH_LIMITS = {
  /** Blocks in all. */
  total: 64,
  /** Blocks for one client. */
  perClient: 8,
  /** How long a node may look for a block, ms. */
  timeout: 10_000
} as const

interface FetchThroughInit {
  readonly nodes: Pick<Nodes, 'find'>
  readonly router: Pick<WantRouter, 'status'>
  readonly limits?: FetchLimits
  /** A signal that aborts after that time, ms. Default: the platform's. */
  after? (ms: number): AbortSignal
}

type Prepared = Required<Pick<FetchThroughInit, 'limits' | 'after'>> & { readonly nodes: Iterable<KuboRpc> }

type FetchLimits = Readonly<Record<keyof typeof DEFAULT_FETCH_LIMITS, number>>

/**
 * A member for blocks that nodes find elsewhere. kubo's bitswap server does not search its
 * network for a block that it does not have, but its RPC does. So if no node has a block, the
 * balancer calls `block/get` of the nodes that are up, one after another; the node that finds
 * the block keeps it. A node that fails is skipped. `init` is called once, at the first use.
 */
export function fetchThrough (init: () => FetchThroughInit): TargetInit {
  const running = new Map<string, number>()
  let total = 0
  let prepared: Prepared | undefined

  return source({
    async get (cid, { signal, session }) {
      const { nodes, limits, after } = prepared ??= prepare(init())
      const own = running.get(session) ?? 0

      // clients within the process, which have a colon in their names, only want blocks that nodes have
      if (session.includes(':') || total >= limits.total || own >= limits.perClient) {
        return
      }

      total++
      running.set(session, own + 1)

      try {
        return await getFromOne(nodes, cid, AbortSignal.any([signal, after(limits.timeout)]))
      } catch (err) {
        if (signal.aborted) {
          throw err
        }

        return // not found in time
      } finally {
        total--
        const left = (running.get(session) ?? 1) - 1
        running.set(session, left)

        if (left === 0) {
          running.delete(session)
        }
      }
    }
    // no limits of the router: `get` has its own, so that further wants are answered instead of waiting
  }, { id: FETCH_THROUGH, concurrency: 4096, capacity: { wants: 4096 } })
}

function prepare ({ nodes, router, limits = DEFAULT_FETCH_LIMITS, after = ms => AbortSignal.timeout(ms) }: FetchThroughInit): Prepared {
  return { nodes: rotatedNodes(router, perRpcNode(nodes, createKuboRpc)), limits, after }
}

/** The nodes that are up and whose RPC is known; each iteration begins with the next one. */
function rotatedNodes (router: FetchThroughInit['router'], find: (id: string) => KuboRpc | undefined): Iterable<KuboRpc> {
  let next = 0

  return {
    * [Symbol.iterator] () {
      const up = router.status().members.flatMap(({ id, state }) => state === 'up' ? find(id) ?? [] : [])
      const first = up.length === 0 ? 0 : next++ % up.length
      yield * up.slice(first)
      yield * up.slice(0, first)
    }
  }
}

/** Wraps a strategy so that it ranks one member after all others. */
export function lastOf (create: StrategyFactory, id: string): StrategyFactory {
  return env => {
    const inner = create(env)
    let last: Parameters<typeof inner.update>[0][number] | undefined

    return delegateTo(inner, {
      update (members) {
        last = members.find(member => member.id === id)
        inner.update(members.filter(member => member.id !== id))
      },
      * rank (want) {
        yield * inner.rank(want)

        if (last != null) {
          yield last
        }
      },
      observe (outcome) {
        if (outcome.member !== id) {
          inner.observe?.(outcome)
        }
      },
      avoids: member => member === id || inner.avoids?.(member) === true
    })
  }
}

/** Asks one node after another, until one of them has looked for the block. */
async function getFromOne (nodes: Iterable<KuboRpc>, cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
  for (const node of nodes) {
    try {
      const response = await node.call('block/get', { arg: cid.toString() }, { signal })

      if (response.ok) {
        return await response.bytes()
      }

      await response.body?.cancel()

      // kubo answers 500 if it has not found the block; any other status comes from a proxy
      if (response.status === 500) {
        return
      }
    } catch {
      // the node cannot be reached, which says nothing about the block
      signal.throwIfAborted()
    }
  }
}
