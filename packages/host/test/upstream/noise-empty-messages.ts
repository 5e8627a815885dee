import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

/*
 * @libp2p/noise 17 decrypts messages without content like all others, and delivers nothing. A read of 64 KiB contains 3,640 of them, and the layers above the encryption can neither count nor see them.
 */
interface Encrypted { readonly handshake: { encrypt (plaintext: Uint8Array): Uint8Array }, decrypt (data: Uint8Array): unknown, readonly stream: { send (data: Uint8Array): boolean } }
const encrypted = (connection: unknown): Encrypted => (connection as { muxer: { maConn: Encrypted } }).muxer.maConn

const parts = { transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] }
const server = await createLibp2p({ ...parts, addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } })
const client = await createLibp2p(parts)
const near = await client.dial(server.getMultiaddrs())

while (server.getConnections().length === 0) {
  await new Promise(resolve => setTimeout(resolve, 10))
}

const [far] = server.getConnections()
const { decrypt } = encrypted(far)
let decrypted = 0

encrypted(far).decrypt = data => {
  decrypted++

  return decrypt.call(encrypted(far), data)
}

for (let i = 0; i < 20_000; i++) {
  encrypted(near).stream.send(Buffer.concat([Buffer.of(0, 16), encrypted(near).handshake.encrypt(new Uint8Array(0)).subarray()]))
}

const waits = (): boolean => decrypted < 20_000
const end = performance.now() + 5_000

while (waits() && performance.now() < end && far.status === 'open') {
  await new Promise(resolve => setTimeout(resolve, 10))
}

console.log(`${decrypted} messages without content were decrypted; the connection is ${far.status}`) // eslint-disable-line no-console
process.exit(decrypted >= 20_000 && far.status === 'open' ? 0 : 1)
