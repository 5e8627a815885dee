import type { TrustedProxies } from '../trusted-proxies.ts'
import type { WarnMissing } from '../warn.ts'
import type { Listener } from '@libp2p/interface'
import type { IncomingMessage } from 'node:http'

/** The part of an upgrade's request that libp2p reads. */
interface UpgradeRequest {
  readonly socket: { readonly remoteAddress?: string, readonly remotePort?: number }
  destroy (error?: Error): unknown
}

/** The method by which a listener accepts a WebSocket. It is not part of libp2p's interface. */
interface WebSocketListener {
  onWsServerConnection? (socket: unknown, request: UpgradeRequest): void
}

/** Gives a WebSocket that came through trusted proxies the address of its client. The port stays that of the proxy. */
export function believeProxies (listener: Listener, proxies: TrustedProxies, warnMissing: WarnMissing): void {
  const internal = listener as WebSocketListener
  const accept = internal.onWsServerConnection

  if (accept == null) {
    warnMissing('@libp2p/websockets', 'onWsServerConnection of a listener', 'clients behind a proxy have the address of the proxy')

    return
  }

  internal.onWsServerConnection = (socket, request) => {
    accept.call(listener, socket, fromClient(request as IncomingMessage, proxies))
  }
}

function fromClient (request: IncomingMessage, proxies: TrustedProxies): UpgradeRequest {
  const { remoteAddress, remotePort } = request.socket
  const address = proxies.clientAddress(remoteAddress, request.headers['x-forwarded-for'])

  return {
    socket: { remoteAddress: address === '' ? remoteAddress : address, remotePort },
    destroy: error => request.destroy(error)
  }
}
