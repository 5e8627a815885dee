import { mplex } from '@libp2p/mplex'
import { multiaddrConnectionPair } from '@libp2p/utils'
import type { Stream } from '@libp2p/interface'

/*
 * @libp2p/mplex 12 limits the data that it buffers for a stream to 4 MiB, but not the data for a connection: it limits new streams a second, but not the number of streams. Its protocol has no windows, so it cannot make a peer keep the data for a paused stream.
 */
const STREAMS = 15
const MiB = 1 << 20
const [, connection] = multiaddrConnectionPair()
const muxer = mplex({ disconnectThreshold: STREAMS })().createStreamMuxer(connection)
const streams: Stream[] = []
const receive = (data: Uint8Array): void => { (connection as unknown as { onData (data: Uint8Array): void }).onData(data) }
muxer.addEventListener('stream', ({ detail }) => {
  detail.pause()
  streams.push(detail)
})
await new Promise(resolve => setTimeout(resolve, 10))

for (let id = 0; id < STREAMS; id++) {
  receive(Uint8Array.of(id << 3, 0))

  for (let i = 0; i < 3; i++) {
    receive(Buffer.concat([Uint8Array.of(id << 3 | 2, 0x80, 0x80, 0x40), new Uint8Array(MiB)]))
  }
}

const held = streams.reduce((sum, { readBufferLength }) => sum + readBufferLength, 0)
console.log(`${held} bytes are buffered in ${streams.length} paused streams; the connection is ${connection.status}`) // eslint-disable-line no-console
process.exit(held === 3 * STREAMS * MiB && connection.status === 'open' ? 0 : 1)
