import { createHostComponents } from './network/components.ts'
import { DEFAULT_MEMBER_NETWORK_LIMITS } from './network/defaults.ts'
import { createNetwork } from './network/network.ts'
import type { Driver } from './driver/driver.ts'
import type { PeerSessions } from './driver/peer-sessions.ts'
import type { NetworkComponents } from './network/components.ts'
import type { Network, NetworkInit } from './network/network.ts'
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

export function createRouterNetworks (init: RouterNetworksInit): RouterNetworks {
  return init.downstream == null ? oneHost(init) : twoHosts(init, init.downstream)
}

/** With one host a message is divided by field: wants go to the engine, blocks and presences to the peer sessions. */
function oneHost ({ components, driver, sessions }: RouterNetworksInit): RouterNetworks {
  const both = createNetwork({
    handlers: {
      message (peer, message, _protocol, connection) {
        driver.message(peer, message, connection)
        return sessions.message(peer, message)
      },
      connection (peer, connection, is) { driver.connection(peer, connection, is) },
      gone (peer) {
        driver.gone(peer)
        sessions.gone(peer)
      }
    },
    // one after the other: together they could exceed the longest frame
    take: (peer, maxBytes, protocol) => sessions.take(peer) ?? driver.take(peer, maxBytes, protocol)
  }, components)

  return { upstream: both, downstream: both }
}

function twoHosts ({ components, driver, sessions }: RouterNetworksInit, downstream: Libp2p): RouterNetworks {
  return {
    upstream: createNetwork(upstreamInit(driver), components),
    downstream: createNetwork({
      handlers: {
        message: (peer, message) => sessions.message(peer, message),
        gone (peer) { sessions.gone(peer) }
      },
      take: peer => sessions.take(peer),
      limits: DEFAULT_MEMBER_NETWORK_LIMITS
    }, createHostComponents(downstream))
  }
}

function upstreamInit (driver: Driver): NetworkInit {
  return {
    handlers: {
      message (peer, message, _protocol, connection) {
        driver.message(peer, message, connection)
        // this side asks for nothing
        return message.blocks.length + message.presences.length > 0 ? false : undefined
      },
      connection (peer, connection, is) { driver.connection(peer, connection, is) },
      gone (peer) { driver.gone(peer) }
    },
    take: (peer, maxBytes, protocol) => driver.take(peer, maxBytes, protocol)
  }
}
