import { source, wantRouter } from '@kitsune/want-router'
import { peers } from '@kitsune/want-router/discovery/static'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { StrategyFactory } from '@kitsune/want-router'
import type { Libp2p, ServiceMap } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'

/** A libp2p host on loopback. */
export async function createHost<T extends ServiceMap> (services: Libp2pOptions<T>['services']): Promise<Libp2p<T>> {
  return createLibp2p<T>({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services
  })
}

/** A node of the demonstration: its zone, its blocks and its latency. */
export interface NodeInit {
  readonly id: string
  readonly zone: string
  /** The blocks, by CID. */
  readonly blocks: ReadonlyMap<string, Uint8Array>
  /** How long a read takes, ms. */
  readonly latency: number
}

/** A node that holds blocks and counts the blocks that it has served. */
export interface Node extends NodeInit {
  readonly host: Libp2p
  served: number
}

/** Starts a node, which is a router too: its target is a block source instead of peers. */
export async function startNode (init: NodeInit): Promise<Node> {
  const target = source({
    async get (cid) {
      await new Promise(resolve => setTimeout(resolve, init.latency))
      node.served++

      return init.blocks.get(cid.toString())
    }
  }, { id: 'disk' })
  const host = await createHost({ identify: identify(), router: wantRouter({ targets: [target] }) })
  const node: Node = { ...init, host, served: 0 }

  return node
}

/** Starts the host to which clients connect: it routes their wants to the nodes by the strategy. */
export async function startRouter (nodes: readonly Node[], strategy: StrategyFactory): Promise<Libp2p> {
  const targets = peers(nodes.map(({ id, zone, host }) => ({
    id,
    address: host.getMultiaddrs()[0].toString(),
    labels: { zone }
  })))
  const host = await createHost({ identify: identify(), router: wantRouter({ targets, strategy }) })

  while (host.services.router.status().members.some(({ state }) => state === 'down')) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }

  return host
}
