import { multihashKey } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { blockOf, seededBlocks } from '../../src/blocks.ts'
import { needKubo } from '../../src/needs.ts'
import { stack } from '../../src/stack.ts'
import { delay } from '../../src/until.ts'
import { messageBlock } from '../../src/wire-peer.ts'
import type { WirePeer } from '../../src/wire-peer.ts'

const BLOCKS = 64
const SIZE = 1 << 20
/** How much may be asked of a client at the same time, bytes. */
const MOST = 32 << 20
const DAG_JSON = 0x0129

describe('preload from clients without flow control', function () {
  this.timeout(60_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'preload from clients without flow control')
  })

  afterEach(async () => {
    await peers.stop()
  })

  const keyOf = (cid: Uint8Array): string => multihashKey(CID.decode(cid).multihash.bytes)

  it('asks a client for no more at a time than may be on its way, however slowly it answers', async () => {
    const leaves = await seededBlocks(BLOCKS, SIZE, 'unpaced')
    const root = await blockOf(Buffer.from(JSON.stringify(leaves.map(({ cid }) => ({ '/': `${cid}` })))), { codec: DAG_JSON })
    const held = new Map([root, ...leaves].map(block => [keyOf(block.cid.bytes), block]))
    const asked = new Set<string>()
    /** A client like js-ipfs: over mplex, with a stream for each message, and without HAVE. */
    const client = await peers.wire({
      muxer: 'mplex',
      streamPerMessage: true,
      onMessage: ({ message }) => {
        for (const { cid, cancel } of message.wants) {
          asked[cancel ? 'delete' : 'add'](keyOf(cid))
        }
      }
    })
    const kubo = await peers.kubo()
    const balancer = await peers.balancer({ downstreams: [kubo.url], args: ['-p', '127.0.0.1:0'] })
    await client.connect(balancer.ws)
    let over = false
    const preload = (async () => {
      const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&arg=${root.cid}&peer=${client.peerId}`, { method: 'POST' })
      await response.text()

      return response.status
    })().finally(() => { over = true })

    const most = await answerSlowly(client, balancer.peerId, asked, held, () => over)
    expect(await preload).to.equal(200)
    expect(most, 'blocks that it was asked for at once').to.be.within(2, MOST / SIZE)
  })

  /** Answers everything that it is asked for, and then waits for more; returns the most that was asked at once. */
  const answerSlowly = async (client: WirePeer, to: string, asked: Set<string>, held: ReadonlyMap<string, { cid: CID, bytes: Uint8Array }>, over: () => boolean): Promise<number> => {
    let most = 0

    while (!over()) {
      most = Math.max(most, asked.size)

      for (const key of [...asked]) {
        const block = held.get(key)
        asked.delete(key)

        if (block != null) {
          await client.send(to, { blocks: [messageBlock(block)] })
        }
      }

      await delay(100)
    }

    return most
  }
})
