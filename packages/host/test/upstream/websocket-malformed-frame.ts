import { connect } from 'node:net'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'

/*
 * @libp2p/websockets 10: a listener does not listen for errors of its sockets, so
 * the first malformed frame of any client is an uncaught exception.
 */
const node = await createLibp2p({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] }, transports: [webSockets()], connectionEncrypters: [noise()] })
const [address] = node.getMultiaddrs()
const port = Number(address.getComponents().find(({ name }) => name === 'tcp')?.value)
const socket = connect(port, '127.0.0.1')
socket.on('error', () => {})
process.on('uncaughtException', err => {
  console.log(`uncaught: ${err.message}`) // eslint-disable-line no-console
  process.exit(0)
})
socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
socket.once('data', () => {
  // an operation code that does not exist
  socket.write(Buffer.from('8f80000000', 'hex'))
})
await new Promise(resolve => setTimeout(resolve, 3_000))
console.log('the process lives') // eslint-disable-line no-console
process.exit(1)
