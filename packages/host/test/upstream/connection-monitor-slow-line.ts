import { connect, createServer } from 'node:net'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { AddressInfo } from 'node:net'

/*
 * libp2p 3: the connection monitor aborts a connection whose ping takes longer than
 * five seconds. A ping waits behind all data that was sent before it, so a peer on a
 * slow line loses its connection while the data arrives.
 */
const KiB = 1 << 10
const PROTOCOL = '/data/1.0.0'
const parts = { transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] }
const server = await createLibp2p({ ...parts, addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, connectionMonitor: { pingInterval: 1_000 } })
const client = await createLibp2p({ ...parts, connectionMonitor: { enabled: false } })
// by then all streams must be open
await server.handle(PROTOCOL, stream => { setTimeout(() => { stream.send(new Uint8Array(256 * KiB)) }, 1_000) })

const [address] = server.getMultiaddrs()
const port = Number(address.getComponents().find(({ name }) => name === 'tcp')?.value)
let latest = 0
// 64 KiB a second to the client; data from the client is not slowed down
const line = createServer(near => {
  const far = connect(port, '127.0.0.1')
  near.pipe(far)
  near.on('error', () => {})
  far.on('error', () => {})
  setInterval(() => {
    const data: Uint8Array | null = far.read(4 * KiB) ?? far.read()

    if (data != null) {
      near.write(data)
      latest = performance.now()
    }
  }, 1000 / 16)
})
await new Promise<void>(resolve => { line.listen(0, '127.0.0.1', resolve) })
const connection = await client.dial(address.decapsulate('/tcp').encapsulate(`/tcp/${(line.address() as AddressInfo).port}`))
await Promise.all(Array.from({ length: 4 }, async () => connection.newStream(PROTOCOL)))

const [far] = server.getConnections()
const end = performance.now() + 20_000

while (far.status === 'open' && performance.now() < end) {
  await new Promise(resolve => setTimeout(resolve, 10))
}

const ago = Math.round(performance.now() - latest)
console.log(`the connection is ${far.status}; the line carried data ${ago} ms before`) // eslint-disable-line no-console
process.exit(far.status === 'aborted' && ago < 1_000 ? 0 : 1)
