import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { MessageStream } from '@libp2p/interface'

/*
 * @libp2p/websockets 10: an aborted connection closes its socket with 1006, a code
 * that may not be sent, so `close` throws, and the socket stays open. So a peer keeps the sockets of all connections that this end has aborted.
 */
const parts = { transports: [webSockets()], connectionEncrypters: [noise()], streamMuxers: [yamux()] }
const server = await createLibp2p({ ...parts, addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] } })
const client = await createLibp2p(parts)
await client.dial(server.getMultiaddrs())

while (server.getConnections().length === 0) {
  await new Promise(resolve => setTimeout(resolve, 10))
}

const [far] = server.getConnections()
const connection = (far as unknown as { maConn: MessageStream & { websocket: WebSocket } }).maConn
connection.abort(new Error('enough'))
await new Promise(resolve => setTimeout(resolve, 1_000))
const open = connection.websocket.readyState === WebSocket.OPEN
console.log(`the connection is ${connection.status}, its socket ${open ? 'open' : 'closed'}`) // eslint-disable-line no-console
process.exit(connection.status === 'aborted' && open ? 0 : 1)
