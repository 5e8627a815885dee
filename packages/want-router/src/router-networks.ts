import { createHostComponents } from './network/components.ts'
import { DEFAULT_MEMBER_NETWORK_LIMITS } from './network/defaults.ts'
import { compose } from './network/exchange.ts'
import { createNetwork } from './network/network.ts'
import type { Driver } from './driver/driver.ts'
import type { PeerSessions } from './driver/peer-sessions.ts'
import type { Engine } from './engine/io.ts'
import type { NetworkComponents } from './network/components.ts'
import type { NetworkLimits } from './network/defaults.ts'
import type { Exchange } from './network/exchange.ts'
import type { Network } from './network/network.ts'
import type { ConnectedClients } from './reverse/connected-clients.ts'
import type { Reverse } from './reverse/reverse.ts'
import type { Libp2p } from '@libp2p/interface'

/** The networks of the two sides; with one host both are the same. */
export interface RouterNetworks {
  readonly upstream: Network
  readonly downstream: Network
  /** Connects to a node, see {@link Network}. */
  connect: Network['connect']
  /** There is a session to the peer, and so it is a node, or there is one no longer. Only with two directions. */
  nodeChanged (peer: string): void
}

/** What differs from the default limits of the network. */
export interface RouterNetworkLimits {
  /** Towards clients, or all peers where there is one host. Overrides of `DEFAULT_NETWORK_LIMITS`. */
  readonly upstream?: Partial<NetworkLimits>
  /** Of the downstream host. Overrides of `DEFAULT_NETWORK_LIMITS` and `DEFAULT_MEMBER_NETWORK_LIMITS`. */
  readonly downstream?: Partial<NetworkLimits>
}

/** The hosts of a router, and what takes their traffic. */
export interface RouterNetworksInit {
  /** The host that faces upstream. */
  readonly components: NetworkComponents
  /** The one that faces downstream, if it is another. */
  readonly downstream: Libp2p | undefined
  readonly engine: Pick<Engine, 'idleFor'>
  readonly driver: Driver
  readonly sessions: PeerSessions
  /** The other direction, if there are two. */
  readonly reverse?: Reverse
  readonly limits?: RouterNetworkLimits
  /** Makes a network. Default: one of streams. */
  readonly create?: typeof createNetwork
}

/** Wants go to the engine whose clients face that side; blocks and presences to the sessions with members there. */
export function createRouterNetworks (init: RouterNetworksInit): RouterNetworks {
  const { downstream, reverse } = init

  if (downstream != null) {
    return twoHosts(init, downstream)
  }

  return reverse == null ? oneHost(init) : oneHostBothWays(init, reverse)
}

function oneHost ({ components, driver, sessions, limits, create = createNetwork }: RouterNetworksInit): RouterNetworks {
  return single(create({ exchange: compose(createMemberExchange(sessions), createClientExchange(driver)), limits: limits?.upstream }, components))
}

/**
 * Each peer of the host is either a node, while there is a session to it, or a
 * client. One that becomes the other is disconnected if it has asked for something:
 * on its next connection it asks again, and the other engine hears it.
 */
function oneHostBothWays ({ components, engine, driver, sessions, limits, create = createNetwork }: RouterNetworksInit, { clients, ...other }: Reverse): RouterNetworks {
  const isNode = (peer: string): boolean => sessions.has(peer)
  const network = create({
    exchange: compose(
      compose(createAskedClientsExchange(other.sessions, clients), createMemberExchange(sessions)),
      compose(
        createClientExchange(driver, peer => !isNode(peer)),
        createClientExchange(other.driver, peer => isNode(peer) && other.serves(peer))
      )
    ),
    limits: limits?.upstream
  }, components)

  return {
    ...single(network),

    async connect (peer, addresses, signal) {
      const id = peer.toString()

      if (engine.idleFor(id) !== Infinity) {
        await network.disconnect(id)
      }

      return network.connect(peer, addresses, signal)
    },

    nodeChanged (peer) {
      clients.nodeChanged(peer)

      if (!isNode(peer) && other.knows(peer)) {
        other.hangUp(peer)
      }
    }
  }
}

function twoHosts ({ components, driver, sessions, reverse, limits, create = createNetwork }: RouterNetworksInit, host: Libp2p): RouterNetworks {
  const clients = createClientExchange(driver)
  const members = createMemberExchange(sessions)
  const upstream = create({
    exchange: reverse == null ? clients : compose(createAskedClientsExchange(reverse.sessions, reverse.clients), clients),
    limits: limits?.upstream
  }, components)
  const downstream = create({
    exchange: reverse == null ? members : compose(members, createClientExchange(reverse.driver, peer => reverse.serves(peer))),
    limits: { ...DEFAULT_MEMBER_NETWORK_LIMITS, ...limits?.downstream }
  }, createHostComponents(host))

  return {
    upstream,
    downstream,
    connect: async (...args) => downstream.connect(...args),
    nodeChanged (peer) { reverse?.clients.nodeChanged(peer) }
  }
}

function single (network: Network): RouterNetworks {
  return {
    upstream: network,
    downstream: network,
    connect: async (...args) => network.connect(...args),
    nodeChanged () {}
  }
}

/** Peers that are clients of an engine: all, or those that it serves. */
function createClientExchange (driver: Driver, serves?: (peer: string) => boolean): Exchange {
  return {
    // clients are asked for nothing here
    answers: false,
    receive (peer, message, _protocol, connection) {
      if (serves == null || serves(peer)) {
        driver.message(peer, message, connection)
      }

      return message.blocks.length + message.presences.length > 0 ? false : undefined
    },
    take: (peer, maxBytes, protocol) => driver.take(peer, maxBytes, protocol),
    connection (peer, connection, is) { driver.connection(peer, connection, is) },
    gone (peer) { driver.gone(peer) }
  }
}

/** Peers that are members of an engine. */
function createMemberExchange (sessions: PeerSessions): Exchange {
  return {
    receive: (peer, message) => sessions.message(peer, message),
    take: peer => sessions.take(peer),
    gone (peer) { sessions.gone(peer) }
  }
}

/** Clients that are members of the other engine while they are connected. */
function createAskedClientsExchange (sessions: PeerSessions, clients: ConnectedClients): Exchange {
  return compose({
    // all that a client sends as a member is for its session
    receive: (_peer, message) => message.blocks.length + message.presences.length > 0 ? false : undefined,
    take: (peer, maxBytes, protocol) => clients.take(peer, maxBytes, protocol),
    came (peer) { clients.came(peer) },
    gone (peer) { clients.gone(peer) }
  }, createMemberExchange(sessions))
}
