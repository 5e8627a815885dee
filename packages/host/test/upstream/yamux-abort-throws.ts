import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

/*
 * The muxer of @libp2p/yamux 8.0 first aborts its streams and then says goodbye to the peer. If the listener of a stream's
 * end closes the connection, that throws; where a listener had called `abort()`, the exception ends the process.
 */
const PROTOCOL = '/nothing/1.0.0'
const init = { transports: [tcp()], connectionEncrypters: [noise()], streamMuxers: [yamux()] }
const [node, peer] = await Promise.all([createLibp2p({ ...init, addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] } }), createLibp2p(init)])
await node.handle(PROTOCOL, () => {})
const connection = await peer.dial(node.getMultiaddrs())
const stream = await connection.newStream(PROTOCOL)
stream.addEventListener('close', () => { connection.abort(new Error('one of its streams has ended')) })
let thrown: unknown

try {
  connection.abort(new Error('it is no longer needed'))
} catch (err) {
  thrown = err
}

console.log(`abort() of a connection throws: ${thrown}`) // eslint-disable-line no-console
process.exit(thrown == null ? 1 : 0)
