import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { FULL } from '../src/full.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { delay } from '../src/until.ts'

/** libp2p aborts a stream on which nothing has moved for 120 s; kubo keeps one stream for all it will ever want. */
const SILENCE = FULL ? 130_000 : 12_000

describe('clients that have been silent', function () {
  this.timeout(200_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'clients that have been silent')
  })

  after(async () => {
    await peers.stop()
  })

  it(`are served at once after ${SILENCE / 1000} s, on the connection that they had`, async () => {
    const blocks = await seededBlocks(4, 300_000, 'silence')
    const holder = await peers.kubo()
    await Promise.all(blocks.map(async ({ bytes }) => holder.putBlock(bytes)))
    const balancer = await peers.balancer({ downstreams: [holder.url] })
    const overTcp = await peers.kubo()
    const overWebSocket = await peers.kubo()
    const wire = await peers.wire()
    await overTcp.connect(balancer.tcp)
    await overWebSocket.connect(balancer.ws)
    await wire.connect(balancer.tcp)

    const all = async (some: typeof blocks): Promise<void> => {
      for (const { cid, bytes } of some) {
        const signal = AbortSignal.timeout(5_000)
        expect(await overTcp.getBlock(cid.toString(), { signal })).to.have.lengthOf(bytes.length)
        expect(await overWebSocket.getBlock(cid.toString(), { signal })).to.have.lengthOf(bytes.length)
        await wire.fetch(balancer.peerId, [cid], 5_000)
      }
    }

    await all(blocks.slice(0, 2))
    await delay(SILENCE)
    await all(blocks.slice(2))

    expect(wire.connections(balancer.peerId)).to.have.lengthOf(1)
    expect(await overTcp.peers()).to.deep.equal([balancer.peerId])
  })
})
