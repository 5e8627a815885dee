import type { ComponentLogger, Libp2p, Libp2pEvents, PeerStore, TypedEventTarget } from '@libp2p/interface'
import type { ConnectionManager, Registrar } from '@libp2p/interface-internal'

/** What the network needs of a libp2p host: a subset of libp2p's components. */
export interface NetworkComponents {
  registrar: Pick<Registrar, 'handle' | 'unhandle'>
  connectionManager: Pick<ConnectionManager, 'getConnections' | 'openConnection'>
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
  /** If given, peers that this host has dialled are the last to be pruned when it has too many connections. */
  peerStore?: Pick<PeerStore, 'merge'>
}

/**
 * Makes the network's components from a whole libp2p node, which does not expose its own:
 * for a host that an application passes in, for example the one that faces downstream.
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
