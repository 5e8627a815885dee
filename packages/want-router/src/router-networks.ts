import { createHostComponents } from './network/components.ts'
import { DEFAULT_MEMBER_NETWORK_LIMITS } from './network/defaults.ts'
import { compose } from './network/exchange.ts'
import { createNetwork } from './network/network.ts'
import type { Driver } from './driver/driver.ts'
import type { PeerSessions } from './driver/peer-sessions.ts'
import type { NetworkComponents } from './network/components.ts'
import type { Exchange } from './network/exchange.ts'
import type { Network } from './network/network.ts'
import type { Libp2p } from '@libp2p/interface'

/** The networks of the two sides; with one host both are the same. */
export interface RouterNetworks {
  readonly upstream: Network
  readonly downstream: Network
}

/** The hosts of a router, and what takes their traffic. */
export interface RouterNetworksInit {
  /** The host that faces upstream. */
  readonly components: NetworkComponents
  /** The one that faces downstream, if it is another. */
  readonly downstream: Libp2p | undefined
  readonly driver: Driver
  readonly sessions: PeerSessions
}

/** Wants go to the engine whose clients face that side; blocks and presences to the sessions with members there. */
export function createRouterNetworks ({ components, downstream, driver, sessions }: RouterNetworksInit): RouterNetworks {
  const clients = createClientExchange(driver)
  const members = createMemberExchange(sessions)

  if (downstream == null) {
    const both = createNetwork({ exchange: compose(members, clients) }, components)

    return { upstream: both, downstream: both }
  }

  return {
    upstream: createNetwork({ exchange: clients }, components),
    downstream: createNetwork({ exchange: members, limits: DEFAULT_MEMBER_NETWORK_LIMITS }, createHostComponents(downstream))
  }
}

/** Peers that are clients of an engine. */
function createClientExchange (driver: Driver): Exchange {
  return {
    receive (peer, message, _protocol, connection) {
      driver.message(peer, message, connection)
      // clients are asked for nothing here
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
