import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

/*
 * @libp2p/ping 3 echoes any number of pings. go-libp2p reads 32 bytes, writes them, and only then continues to read.
 */
const parts = { transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] }
const server = await createLibp2p({ ...parts, addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, services: { ping: ping() } })
const client = await createLibp2p(parts)
const connection = await client.dial(server.getMultiaddrs())
const stream = await connection.newStream('/ipfs/ping/1.0.0')
let echoed = 0
stream.addEventListener('message', ({ data }) => { echoed += data.byteLength })
stream.send(new Uint8Array(32 * 5_000))

const waits = (): boolean => echoed < 32 * 5_000
const end = performance.now() + 5_000

while (waits() && performance.now() < end && stream.status === 'open') {
  await new Promise(resolve => setTimeout(resolve, 10))
}

console.log(`${echoed / 32} pings that came at once were answered`) // eslint-disable-line no-console
process.exit(echoed === 32 * 5_000 ? 0 : 1)
