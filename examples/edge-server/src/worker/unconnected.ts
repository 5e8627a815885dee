import { wantRouter } from '@kitsune/want-router'
import { TypedEventEmitter } from 'main-event'
import type { WantRouter, WantRouterComponents, WantRouterInit } from '@kitsune/want-router'
import type { Libp2pEvents, Logger, PeerId } from '@libp2p/interface'

const log: Logger = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })

/** Creates a router to which no peer can connect, for a request over HTTP: without libp2p that takes hardly any time. */
export function unconnectedRouter (peerId: PeerId, init: WantRouterInit): WantRouter {
  const components: WantRouterComponents = {
    peerId,
    registrar: { handle: async () => {}, unhandle: async () => {} },
    connectionManager: {
      getConnections: () => [],
      openConnection: async () => { throw new Error('this router connects to no peers') }
    },
    events: new TypedEventEmitter<Libp2pEvents>(),
    logger: { forComponent: () => log }
  }

  return wantRouter({ ...init, linkHosts: false })(components)
}
