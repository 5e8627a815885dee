import { connect } from 'node:net'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { createLibp2p } from 'libp2p'

/*
 * @libp2p/websockets 10 creates its server of `ws` with the limits of `ws`: 16,384
 * fragments and 100 MiB a message, for peers that have not shaken hands, with no time limit for a message. libp2p's own peers send one
 * fragment of at most 64 KiB.
 */
const FRAGMENT = Buffer.from('00810000000041', 'hex')
const node = await createLibp2p({ addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] }, transports: [webSockets()], connectionEncrypters: [noise()], connectionManager: { inboundUpgradeTimeout: 600_000 } })
const [address] = node.getMultiaddrs()
const port = Number(address.getComponents().find(({ name }) => name === 'tcp')?.value)
const sockets = Array.from({ length: 5 }, () => connect(port, '127.0.0.1'))
const before = process.memoryUsage().arrayBuffers

for (const socket of sockets) {
  socket.on('error', () => {})
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n')
  socket.once('data', () => {
    socket.write(Buffer.concat([Buffer.from('02810000000041', 'hex'), ...Array.from({ length: 16_000 }, () => FRAGMENT)]))
  })
}

await new Promise(resolve => setTimeout(resolve, 3_000))
const open = sockets.filter(({ destroyed }) => !destroyed).length
const held = (process.memoryUsage().arrayBuffers - before) / 5 / 16_000
console.log(`${open} of 5 sockets are open whose message of 16,000 fragments of one byte has no end; a fragment takes ${Math.round(held)} bytes of buffers`) // eslint-disable-line no-console
process.exit(open > 0 ? 0 : 1)
