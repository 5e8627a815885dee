import type { NetworkComponents } from './network.ts'
import type { Libp2p } from '@libp2p/interface'

/**
 * The network's components of a whole libp2p node, which does not show its own.
 * For a host that an application has made and hands over, for example the one
 * that faces downstream.
 */
export function createHostComponents (host: Libp2p): NetworkComponents {
  return {
    registrar: {
      handle: async (protocol, handler, options) => host.handle(protocol, handler, options),
      unhandle: async (protocol, options) => host.unhandle(protocol, options)
    },
    connectionManager: {
      getConnections: peer => host.getConnections(peer),
      openConnection: async (peer, options) => host.dial(peer, options)
    },
    events: host,
    logger: host.logger,
    peerStore: host.peerStore
  }
}
