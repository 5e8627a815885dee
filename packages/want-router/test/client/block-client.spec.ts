import { BITSWAP_PROTOCOLS, cidPrefix, decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { createBlockClient } from '../../src/client/block-client.ts'
import { FetchFailedError } from '../../src/client/errors.ts'
import { createHost, until } from '../network/hosts.ts'
import { sendInOneFlight } from '../network/one-flight.ts'
import type { BlockClient } from '../../src/client/block-client.ts'
import type { Muxer } from '../network/hosts.ts'
import type { BitswapProtocol, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { Connection, Libp2p } from '@libp2p/interface'

interface Block { readonly cid: CID, readonly bytes: Uint8Array }

async function testBlock (n: number, version: 0 | 1 = 1): Promise<Block> {
  const bytes = new Uint8Array(200).fill(n)
  const hash = await sha256.digest(bytes)

  return { cid: version === 0 ? CID.createV0(hash) : CID.createV1(raw.code, hash), bytes }
}

describe('createBlockClient', () => {
  const hosts: Libp2p[] = []

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map(async host => host.stop()))
  })

  /** A client of a peer that answers each message of wants, on a stream for each answer, as older kubos do. */
  async function clientOf (answer: (wants: readonly WantEntry[], connection: Connection) => Outgoing[], { muxer = 'yamux', protocol = '/ipfs/bitswap/1.2.0', signal }: { muxer?: Muxer, protocol?: BitswapProtocol, signal?: AbortSignal } = {}): Promise<{ host: Libp2p, client: BlockClient }> {
    const [server, host] = await Promise.all([createHost(muxer), createHost(muxer)])
    hosts.push(server, host)

    await server.handle(protocol, (stream, connection) => {
      const decoder = frameDecoder()
      stream.addEventListener('message', ({ data }) => {
        for (const frame of decoder.push(data)) {
          for (const message of answer(decodeMessage(frame).wants, connection)) {
            sendInOneFlight(connection, protocol, Buffer.concat(encodeFrame(message, protocol))).catch(() => {})
          }
        }
      })
    })

    return { host, client: await createBlockClient(host, server.getMultiaddrs()[0], { signal }) }
  }

  for (const muxer of ['yamux', 'mplex'] as const) {
    for (const protocol of BITSWAP_PROTOCOLS) {
      it(`takes blocks whose streams come with their end in one flight, and gives the streams back: ${protocol} over ${muxer}`, async () => {
        const blocks = await Promise.all(Array.from({ length: 100 }, async (_, i) => testBlock(i, 0)))
        const byCid = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
        const { host, client } = await clientOf(wants => wants.map(({ cid }) => ({
          blocks: [{ prefix: cidPrefix(cid), data: byCid.get(CID.decode(cid).toString()) ?? new Uint8Array() }]
        })), { muxer, protocol })

        expect(await Promise.all(blocks.map(async ({ cid }) => client.get(cid)))).to.deep.equal(blocks.map(({ bytes }) => bytes))

        // the one that it asks on
        await until('all other streams are closed', () => host.getConnections()[0].streams.length === 1)
      })
    }
  }

  it('sends the wants of one tick in one message', async () => {
    const messages: number[] = []
    const blocks = await Promise.all([1, 2, 3].map(async n => testBlock(n)))
    const { client } = await clientOf(wants => {
      messages.push(wants.length)

      return [{ blocks: blocks.map(({ cid, bytes }) => ({ prefix: cidPrefix(cid.bytes), data: bytes })) }]
    })
    await Promise.all(blocks.map(async ({ cid }) => client.get(cid)))

    expect(messages).to.deep.equal([3])
  })

  it('asks once for a block that is fetched twice at the same time', async () => {
    const asked: number[] = []
    const { cid, bytes } = await testBlock(1)
    const { client } = await clientOf(wants => {
      asked.push(wants.length)

      return [{ blocks: [{ prefix: cidPrefix(cid.bytes), data: bytes }] }]
    })

    expect(await Promise.all([client.get(cid), client.get(cid)])).to.deep.equal([bytes, bytes])
    expect(asked).to.deep.equal([1])
  })

  it('fails for a block that the peer does not have, and only for that one', async () => {
    const [there, missing] = await Promise.all([1, 2].map(async n => testBlock(n)))
    const { client } = await clientOf(() => [
      { presences: [{ cid: missing.cid.bytes, have: false }] },
      { blocks: [{ prefix: cidPrefix(there.cid.bytes), data: there.bytes }] }
    ])
    const [found, failed] = await Promise.allSettled([client.get(there.cid), client.get(missing.cid)])

    expect(found).to.deep.equal({ status: 'fulfilled', value: there.bytes })
    expect(failed).to.have.property('reason').that.is.instanceOf(FetchFailedError).with.property('message', `the peer does not have ${missing.cid}`)
  })

  it('fails if the peer sends a block that cannot be verified', async () => {
    const { cid, bytes } = await testBlock(1)
    const { client } = await clientOf(() => [{ blocks: [{ prefix: Uint8Array.of(1, 0x55, 0x1f, 32), data: bytes }] }])

    await expect(client.get(cid)).to.eventually.be.rejectedWith(FetchFailedError, 'cannot be verified')
  })

  it('fails when the connection is lost', async () => {
    const { cid } = await testBlock(1)
    const { client } = await clientOf((_, connection) => {
      connection.abort(new Error('cut'))

      return []
    })

    await expect(client.get(cid)).to.eventually.be.rejectedWith(FetchFailedError, 'the connection was lost')
  })

  it('fails when its signal aborts, and says what was missing', async () => {
    const { cid } = await testBlock(1)
    const controller = new AbortController()
    const { client } = await clientOf(() => {
      controller.abort()

      return []
    }, { signal: controller.signal })

    await expect(client.get(cid)).to.eventually.be.rejectedWith(FetchFailedError, `timed out while waiting for 1 block(s), among them ${cid}`)
  })
})
