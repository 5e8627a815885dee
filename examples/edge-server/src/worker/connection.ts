import { createBudget } from '@kitsune/block-source'
import { createEndOfTick } from '@kitsune/host'
import { createHost } from '@kitsune/host/workerd'
import { source, wantRouter } from '@kitsune/want-router'
import { multiaddr } from '@multiformats/multiaddr'
import { StuckError } from '../errors.ts'
import { countSent } from '../metrics.ts'
import { NAME, VERSION } from '../version.ts'
import { HASHERS } from './hashers.ts'
import type { Isolate } from './isolate.ts'
import type { BlockSource, Budget } from '@kitsune/block-source'
import type { WorkerdSocket } from '@kitsune/host/workerd'
import type { SourceLike, WantRouter } from '@kitsune/want-router'

/** A connection that a client asks for. */
export interface ConnectionInit {
  readonly isolate: Isolate
  readonly socket: WorkerdSocket
  /** The address of the client, according to Cloudflare. */
  readonly client: string
  /** The addresses that the client is told. */
  readonly announce: readonly string[]
}

/** How long blocks in flight may take once the budget is spent, ms. */
const DRAIN_TIMEOUT = 10_000
/** How often it is checked whether the client takes what it is sent, ms. */
const CHECK_INTERVAL = 1_000

/**
 * Serves bitswap on one WebSocket: with its own host and router, since a request must not wait
 * for the work of another one. It resolves when the socket can be returned to the client.
 */
export async function serveConnection ({ isolate, socket, client, announce }: ConnectionInit): Promise<void> {
  const { privateKey, policies, counts } = isolate
  await isolate.lists.refresh()
  const { blocks, spent } = budgetedBlocks(isolate)
  const endOfTick = createEndOfTick()
  const { libp2p, accept } = await createHost<{ router: WantRouter }>({
    endOfTick,
    agent: { name: NAME, version: VERSION },
    privateKey,
    announce,
    services: {
      router: wantRouter({
        targets: [source(policies.quotas?.watch(blocks) ?? blocks, { id: 'cars', concurrency: 1 })],
        policies: [...policies.all, countSent(counts)],
        hashers: HASHERS,
        endOfTick: endOfTick.decide
      })
    }
  })

  const { router } = libp2p.services
  const done: Array<() => void> = []

  function stop (): void {
    counts.connections--
    done.forEach(undo => { undo() })
    // a host that fails to stop has nothing left to end
    Promise.resolve(libp2p.stop()).catch(() => {})
  }

  spent.then(async () => {
    // blocks in flight are sent; the other wants get no DONT_HAVE, so the client asks again on its next connection
    await router.drain({ signal: AbortSignal.timeout(DRAIN_TIMEOUT) }).catch(() => {})
    await libp2p.hangUp(libp2p.getPeers()[0])
  }).catch(() => {})

  await libp2p.start()
  counts.connections++
  counts.costs.connect++
  done.push(isolate.lists.keepFresh(), watchUnsent(isolate, router, () => {
    counts.stuckEnded++
    // it would not read a goodbye
    libp2p.getConnections().forEach(connection => { connection.abort(new StuckError()) })
  }))
  // do not await: the client only sends more once it has the answer to the request
  accept(socket, remoteAddress(client), stop).catch(() => {})
}

/** Counts what the client of a connection has not taken, and calls `end` if it takes nothing while the memory is needed. Returns what ends that. */
function watchUnsent ({ unsent }: Isolate, router: WantRouter, end: () => void): () => void {
  const replies = unsent.add({
    get bytes () { return router.unsentBytes },
    sent: () => router.status().network.bytesOut
  })
  const timer = setInterval(() => {
    if (replies.isStuck()) {
      clearInterval(timer)
      end()
    }
  }, CHECK_INTERVAL)

  return () => {
    clearInterval(timer)
    replies.remove()
  }
}

/** The blocks of an isolate, whose reads are charged to one connection, and a promise that resolves when the connection's sub-requests are used up. */
function budgetedBlocks ({ env, source, budget: shared, counts }: Isolate): { blocks: SourceLike, spent: Promise<void> } {
  let end = (): void => {}
  const spent = new Promise<void>(resolve => { end = resolve })
  const budget = createBudget({ limit: env.subRequests, reserve: Math.ceil(env.subRequests / 10) })
  let ending = false
  const observed: Budget = {
    get left () { return budget.left },
    get spent () { return budget.spent },
    release () { budget.release() },
    spend (kind) {
      try {
        budget.spend(kind)
      } catch (err) {
        if (ending) {
          throw err
        }

        ending = true
        counts.budgetsSpent++
        end()
        // reads that have begun may use the reserve
        budget.release()
        budget.spend(kind)
      }
    }
  }

  return { blocks: refusing(shared.charge(source, observed), () => ending), spent }
}

/** A source that begins no reads once `ending` returns true. */
function refusing (source: BlockSource, ending: () => boolean): SourceLike {
  const check = (): void => {
    if (ending()) {
      throw new Error('the sub-requests of this connection are used up')
    }
  }

  return {
    complete: source.complete,
    async get (cid, options) {
      check()

      return source.get(cid, options)
    },
    async stat (cid, options) {
      check()

      return source.stat?.(cid, options)
    },
    getMany (cids, options) {
      check()

      return source.getMany?.(cids, options) ?? []
    }
  }
}

function remoteAddress (client: string): ReturnType<typeof multiaddr> {
  return multiaddr(`/${client.includes(':') ? 'ip6' : 'ip4'}/${client}/tcp/443/ws`)
}
