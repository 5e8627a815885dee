import { createBudget } from '@kitsune/block-source'
import { createHost } from '@kitsune/host/workerd'
import { source, wantRouter } from '@kitsune/want-router'
import { multiaddr } from '@multiformats/multiaddr'
import { NAME, VERSION } from '../version.ts'
import type { Isolate } from './isolate.ts'
import type { WorkerdSocket } from '@kitsune/host/workerd'
import type { WantRouter } from '@kitsune/want-router'

/** One of these is told of each connection, and serves it until it ends. */
export interface ConnectionInit {
  readonly isolate: Isolate
  readonly socket: WorkerdSocket
  /** The address of the client, as Cloudflare says it. */
  readonly client: string
  /** What the client is told of where it is connected. */
  readonly announce: readonly string[]
}

/** Sub-requests that are kept for what is in flight when the budget is spent. */
const RESERVE = 5

/**
 * Serves bitswap on one WebSocket: with a host and a router of its own, since a request must not wait for what another one
 * began. It resolves when the socket can be handed to the client.
 */
export async function serveConnection ({ isolate, socket, client, announce }: ConnectionInit): Promise<void> {
  const { env, privateKey, source: blocks, budget: shared } = isolate
  const budget = createBudget({ limit: env.subRequests, reserve: RESERVE })
  const { libp2p, accept } = await createHost<{ router: WantRouter }>({
    agent: { name: NAME, version: VERSION },
    privateKey,
    announce,
    services: {
      router: wantRouter({ targets: [source(shared.charge(blocks, budget), { id: 'cars' })] })
    }
  })
  // one that fails has nothing left to end
  const stop = (): void => { Promise.resolve(libp2p.stop()).catch(() => {}) }

  await libp2p.start()
  // the answer to the request must not wait for what the client sends after it
  accept(socket, remoteAddress(client), stop).catch(stop)
}

function remoteAddress (client: string): ReturnType<typeof multiaddr> {
  return multiaddr(`/${client.includes(':') ? 'ip6' : 'ip4'}/${client}/tcp/443/ws`)
}
