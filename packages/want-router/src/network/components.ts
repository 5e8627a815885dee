import type { ComponentLogger, Libp2p, Libp2pEvents, PeerStore, TypedEventTarget } from '@libp2p/interface'
import type { ConnectionManager, Registrar } from '@libp2p/interface-internal'

/** What the network needs of a libp2p host; libp2p's own components fit. */
export interface NetworkComponents {
  registrar: Pick<Registrar, 'handle' | 'unhandle'>
  connectionManager: Pick<ConnectionManager, 'getConnections' | 'openConnection'>
  events: TypedEventTarget<Libp2pEvents>
  logger: ComponentLogger
  /** With it, peers that were connected to are the last to be pruned when the host has too many connections. */
  peerStore?: Pick<PeerStore, 'merge'>
}

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
