import { BITSWAP_PROTOCOLS, cidPrefix, decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import { mplex } from '@libp2p/mplex'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { connectClient, until } from '../support/demo.ts'
import { sendInOneFlight } from '../support/one-flight.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Libp2p } from '@libp2p/interface'

const muxers = { yamux, mplex }

describe('the block fetcher', () => {
  const stops: Array<() => Promise<void>> = []

  afterEach(async () => {
    await Promise.all(stops.splice(0).map(async stop => stop()))
  })

  for (const muxer of ['yamux', 'mplex'] as const) {
    for (const protocol of BITSWAP_PROTOCOLS) {
      it(`accepts blocks whose streams arrive together with their end, and releases the streams: ${protocol} over ${muxer}`, async () => {
        const blocks = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
          const bytes = new Uint8Array(200).fill(i)

          return { cid: CID.createV0(await sha256.digest(bytes)), bytes }
        }))
        const server = await startServer(muxer, protocol, new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes])))
        stops.push(async () => server.stop())
        const { host, get } = await connectClient(server.getMultiaddrs()[0].toString())
        stops.push(async () => host.stop())

        expect(await Promise.all(blocks.map(async ({ cid }) => get(cid)))).to.deep.equal(blocks.map(({ bytes }) => bytes))

        // the stream on which it asks
        await until(() => host.getConnections()[0].streams.length === 1)
      })
    }
  }
})

/** A node that speaks one version and sends each block on a separate stream, like old versions of kubo. */
async function startServer (muxer: keyof typeof muxers, protocol: BitswapProtocol, blocks: ReadonlyMap<string, Uint8Array>): Promise<Libp2p> {
  const server = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [muxers[muxer]()]
  })

  await server.handle(protocol, (stream, connection) => {
    const decoder = frameDecoder()

    stream.addEventListener('message', ({ data }) => {
      for (const { cid } of decoder.push(data).flatMap(frame => decodeMessage(frame).wants)) {
        const bytes = blocks.get(CID.decode(cid).toString()) ?? new Uint8Array()
        const reply = encodeFrame({ blocks: [{ prefix: cidPrefix(cid), data: bytes }] }, protocol)
        sendInOneFlight(connection, protocol, Buffer.concat(reply)).catch(() => {})
      }
    })
  })

  return server
}
