import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

/*
 * libp2p 3: when there are `maxConnections`, the connection manager refuses every newcomer, and
 * closes no connection without streams. A peer that opens that many connections, 300 by
 * default, and does not use them, keeps all other peers out.
 */
const parts = { transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] }
const server = await createLibp2p({ ...parts, addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] }, connectionManager: { maxConnections: 2 } })
const [idle, alsoIdle, newcomer] = await Promise.all(Array.from({ length: 3 }, async () => createLibp2p(parts)))
await idle.dial(server.getMultiaddrs())
await alsoIdle.dial(server.getMultiaddrs())

while (server.getConnections().length < 2) {
  await new Promise(resolve => setTimeout(resolve, 10))
}

const refused = await newcomer.dial(server.getMultiaddrs()).then(() => false, () => true)
await new Promise(resolve => setTimeout(resolve, 500))
const streams = server.getConnections().reduce((sum, { streams }) => sum + streams.length, 0)
console.log(`a newcomer was ${refused ? 'refused' : 'admitted'} beside ${server.getConnections().length} connections with ${streams} streams`) // eslint-disable-line no-console
process.exit(refused && server.getConnections().length === 2 && streams === 0 ? 0 : 1)
