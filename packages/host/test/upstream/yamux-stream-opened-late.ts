import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'

/*
 * @libp2p/yamux 8.0: `createStream` sends the frame that opens a stream in a microtask.
 * If the connection has begun to close, it throws there, and no caller can catch the error: the
 * promise of the stream is fulfilled, and the process ends.
 */
const [connection] = multiaddrConnectionPair()
const muxer = yamux({ enableKeepAlive: false })().createStreamMuxer(connection)
let refused = false

process.on('uncaughtException', err => {
  console.log(`this would have ended the process; the stream was ${refused ? 'refused' : 'promised'}: ${err}`) // eslint-disable-line no-console
  process.exit(refused ? 1 : 0)
})

connection.close().catch(() => {})
Promise.resolve(muxer.createStream()).catch(() => { refused = true })
setTimeout(() => { process.exit(1) }, 1_000)
