import * as dagPb from '@ipld/dag-pb'
import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { seededBuffer } from '../../src/dag.ts'
import { needKubo } from '../../src/needs.ts'
import { honest, serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { messageBlock } from '../../src/wire-peer.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Behaviour } from '../../src/serve-blocks.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'

const BLOCKS = 16
const SIZE = 1000

/** Before 1.2 there is no HAVE: every want is for the block. */
const blocksOnly: Behaviour = (_want, block) => block == null ? undefined : { blocks: [messageBlock(block)] }

/** Small files by CIDv0, which is what the oldest protocols can send. */
async function filesOf (seed: string): Promise<TestBlock[]> {
  const data = seededBuffer(BLOCKS * SIZE, seed)

  return Promise.all(Array.from({ length: BLOCKS }, async (_, i) => {
    const bytes = dagPb.encode({ Data: data.subarray(i * SIZE, (i + 1) * SIZE), Links: [] })

    return { cid: CID.createV0(await sha256.digest(bytes)), bytes }
  }))
}

describe('preload from clients of every version', function () {
  this.timeout(60_000)

  let binary: string
  let kubo: Kubo
  let balancer: Balancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload from clients of every version')
    ;({ kubo, balancer } = await startPreloadNode(peers))
  })

  after(async () => {
    await peers.stop()
  })

  const preload = async (protocol: BitswapProtocol, muxer: 'yamux' | 'mplex'): Promise<void> => {
    const blocks = await filesOf(`${protocol} ${muxer}`)
    const client = await peers.wire({ protocols: [protocol], muxer, streamPerMessage: true, onMessage: serveBlocks(blocks, protocol === BITSWAP_PROTOCOLS[0] ? honest : blocksOnly) })
    await client.connect(balancer.ws)
    const response = await fetch(`${balancer.preload}/api/v0/refs?${blocks.map(({ cid }) => `arg=${cid}`).join('&')}&peer=${client.peerId}`, { method: 'POST' })

    expect(response.status).to.equal(200)
    await response.text()

    for (const { cid } of blocks) {
      await (await kubo.call('block/stat', [`${cid}`], { offline: 'true' })).text()
    }

    await client.stop()
  }

  for (const protocol of BITSWAP_PROTOCOLS) {
    for (const muxer of ['yamux', 'mplex'] as const) {
      it(`takes blocks by ${protocol} over ${muxer}`, async () => preload(protocol, muxer))
    }
  }
})
