import { createHost } from '@kitsune/host/node'
import { wantRouter } from '@kitsune/want-router'
import { peers } from '@kitsune/want-router/discovery/static'
import { preSharedKey } from '@libp2p/pnet'
import type { HostServices } from '@kitsune/host'
import type { WantRouter } from '@kitsune/want-router'
import type { Libp2p, PrivateKey } from '@libp2p/interface'

/** The two sides of a bridge: those that ask, and those that are asked. */
export type Side = 'upstream' | 'downstream'

/** Which side is private, where the bridge listens, and which nodes it asks. */
export interface BridgeInit {
  /** Contents of the swarm.key that all nodes of the private swarm share. */
  readonly swarmKey: Uint8Array
  /** The side that is the private swarm. Default `upstream`: its nodes fetch from the others. */
  readonly privateSide?: Side
  /** Where the upstream host listens. Name an interface: on 0.0.0.0 it would tell its peers all addresses of the machine. */
  readonly listen: readonly string[]
  /** The downstream nodes: multiaddrs that end in /p2p/ and a peer id. */
  readonly nodes: readonly string[]
  /** Identity of the upstream host. Default: a new one. */
  readonly privateKey?: PrivateKey
}

/** A running bridge: two hosts and the router between them. */
export interface Bridge {
  /** The host to which clients connect. */
  readonly upstream: Libp2p<HostServices & { router: WantRouter }>
  /** The host that connects to the nodes, with its own identity. */
  readonly downstream: Libp2p<HostServices>
  stop (): Promise<void>
}

const AGENT = { name: 'swarm-bridge', version: '0.0.0' }

/**
 * Starts a bridge: two hosts, one of which has the key of a private swarm, and a router between
 * them. Wants pass from the upstream side to the downstream side only: the router has no
 * reverse direction, so wants of downstream nodes are ignored. Each side sees a different peer,
 * and the two have nothing in common except the blocks.
 *
 * @throws {InvalidOptionError} a node's address is not a multiaddr with a peer id
 */
export async function startBridge ({ swarmKey, privateSide = 'upstream', listen, nodes, privateKey }: BridgeInit): Promise<Bridge> {
  const targets = peers(nodes)
  const protector = preSharedKey({ psk: swarmKey })
  const protects = (side: Side): typeof protector | undefined => side === privateSide ? protector : undefined
  const downstream = await createHost({ agent: AGENT, connectionProtector: protects('downstream') })
  await downstream.start()

  try {
    const upstream = await createHost({
      agent: AGENT,
      privateKey,
      listen,
      connectionProtector: protects('upstream'),
      idleFor: (peer, { router }) => router.idleFor(peer),
      services: { router: wantRouter({ targets, downstream, linkHosts: false }) }
    })
    await upstream.start()

    return {
      upstream,
      downstream,
      async stop () {
        await upstream.stop()
        await downstream.stop()
      }
    }
  } catch (err) {
    await downstream.stop()
    throw err
  }
}
