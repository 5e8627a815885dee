import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'

/*
 * @libp2p/yamux 8.0: a data frame is buffered until it is complete, whatever length
 * it declares, up to 4 GiB, and even if it is for no stream. No peer may send more
 * than a stream's window.
 */
const DATA = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 99, 255, 255, 255, 255)
const MiB = 1 << 20
const [, connection] = multiaddrConnectionPair()
const muxer = yamux({ enableKeepAlive: false })().createStreamMuxer(connection)
const receive = (data: Uint8Array): void => { (connection as unknown as { onData (data: Uint8Array): void }).onData(data) }

receive(DATA)

for (let i = 0; i < 64; i++) {
  receive(new Uint8Array(MiB))
}

const { decoder } = muxer as unknown as { decoder: { buffer: { byteLength: number } } }
console.log(`${decoder.buffer.byteLength} bytes are buffered for a stream that does not exist; the connection is ${connection.status}`) // eslint-disable-line no-console
process.exit(decoder.buffer.byteLength > 60 * MiB ? 0 : 1)
