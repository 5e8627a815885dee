import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { MessageStream } from '@libp2p/interface'

/*
 * @libp2p/websockets 10: `sendPause` of a connection does nothing. The data of a paused connection is buffered, and at 4 MiB the connection is aborted. The
 * socket of `ws` has `pause` and `resume`.
 */
const parts = { transports: [webSockets()], connectionEncrypters: [noise()], streamMuxers: [yamux()] }
const server = await createLibp2p({ ...parts, addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] } })
const client = await createLibp2p(parts)
const near = await client.dial(server.getMultiaddrs())

while (server.getConnections().length === 0) {
  await new Promise(resolve => setTimeout(resolve, 10))
}

const [far] = server.getConnections()
const socketOf = (connection: unknown): MessageStream => (connection as { maConn: MessageStream }).maConn

const paused = socketOf(far)
paused.pause()

for (let i = 0; i < 5; i++) {
  socketOf(near).send(new Uint8Array(1 << 20))
}

await new Promise(resolve => setTimeout(resolve, 1_000))
console.log(`${paused.readBufferLength} bytes were read from a socket that is paused; it is ${paused.status}`) // eslint-disable-line no-console
process.exit(paused.readBufferLength > 1 << 20 || paused.status === 'aborted' ? 0 : 1)
