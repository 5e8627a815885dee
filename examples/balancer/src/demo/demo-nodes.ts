import { multihashKey } from '@kitsune/bitswap-codec'
import { createHost } from '@kitsune/host/node'
import { source, wantRouter } from '@kitsune/want-router'
import type { DemoDag } from './dag.ts'
import type { Libp2p } from '@libp2p/interface'

/** Nodes in this process that hold a DAG. */
export interface DemoNodes {
  /** One swarm address for each node, with /p2p/. */
  readonly addresses: readonly string[]
  /** Ids of the peers connected to any of them. */
  peers (): string[]
  stop (): Promise<void>
}

/**
 * Starts nodes on loopback that serve a DAG. Each is a router too, with the same
 * engine: its only target is a block source instead of a peer.
 */
export async function startDemoNodes (dag: DemoDag, names: readonly string[]): Promise<DemoNodes> {
  const hosts: Libp2p[] = []

  async function stop (): Promise<void> {
    await Promise.all(hosts.splice(0).map(async host => host.stop()))
  }

  try {
    for (const name of names) {
      hosts.push(await startNode(dag, name))
    }
  } catch (err) {
    await stop()
    throw err
  }

  return {
    addresses: hosts.map(host => host.getMultiaddrs()[0].toString()),
    peers: () => [...new Set(hosts.flatMap(host => host.getPeers().map(peer => peer.toString())))],
    stop
  }
}

async function startNode ({ blocks }: DemoDag, name: string): Promise<Libp2p> {
  const held = new Map(blocks.map(({ cid, bytes }) => [multihashKey(cid.multihash.bytes), bytes]))
  const host = await createHost({
    listen: ['/ip4/127.0.0.1/tcp/0'],
    agent: { name: `kitsune-demo-${name}`, version: '0' },
    services: {
      router: wantRouter({
        targets: [source({
          // blocks that are not in the map do not exist, so the node may say DONT_HAVE
          complete: true,
          get: cid => held.get(multihashKey(cid.multihash.bytes))
        }, { id: 'memory' })]
      })
    }
  })

  await host.start()

  return host
}
