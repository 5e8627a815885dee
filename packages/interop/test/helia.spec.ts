import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createHeliaLight } from 'helia'
import { seededBlocks } from '../src/blocks.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { delay } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Kubo } from '../src/kubo.ts'
import type { CID } from 'multiformats/cid'

/** Helia aborts an inbound stream about 10 s after the last message on it. */
const LONGER_THAN_HELIA_WAITS = 12_000

describe('Helia as a client', function () {
  this.timeout(90_000)

  let binary: string
  let holder: Kubo
  let balancer: Balancer
  let blocks: TestBlock[]
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'Helia as a client')
    holder = await peers.kubo()
    balancer = await peers.balancer({ downstreams: [holder.url] })
    blocks = await seededBlocks(200, 20_000, 'helia')
    await Promise.all(blocks.map(async ({ bytes }) => holder.putBlock(bytes)))
  })

  after(async () => {
    await peers.stop()
  })

  const startHelia = async (address: string): Promise<(cid: CID) => Promise<Uint8Array>> => {
    const helia = withBitswap(withLibp2pLight(createHeliaLight(), {
      transports: [tcp(), webSockets()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() }
    }))
    await helia.start()
    peers.onStop(async () => helia.stop())
    await helia.libp2p.dial(multiaddr(address))

    return async (cid) => {
      const chunks: Uint8Array[] = []

      for await (const chunk of helia.blockstore.get(cid, { signal: AbortSignal.timeout(10_000) })) {
        chunks.push(chunk)
      }

      return new Uint8Array(Buffer.concat(chunks))
    }
  }

  const expectAll = async (get: (cid: CID) => Promise<Uint8Array>, some: readonly TestBlock[]): Promise<void> => {
    const got = await Promise.all(some.map(async ({ cid }) => get(cid)))

    expect(got).to.deep.equal(some.map(({ bytes }) => new Uint8Array(bytes)))
  }

  const transports: Array<'tcp' | 'ws'> = ['tcp', 'ws']

  transports.forEach(transport => {
    it(`gets two hundred blocks at once over ${transport}`, async () => {
      await expectAll(await startHelia(balancer[transport]), blocks)
    })
  })

  it('gets blocks one after another', async () => {
    const get = await startHelia(balancer.tcp)

    for (const block of blocks.slice(0, 20)) {
      await expectAll(get, [block])
    }
  })

  it('gets blocks after pauses in which it has aborted its streams', async () => {
    const get = await startHelia(balancer.tcp)

    await expectAll(get, blocks.slice(0, 50))
    await delay(LONGER_THAN_HELIA_WAITS)
    await expectAll(get, blocks.slice(50, 100))
    await delay(LONGER_THAN_HELIA_WAITS)
    await expectAll(get, blocks.slice(100, 150))
  })
})
