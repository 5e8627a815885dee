import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { preload } from '@kitsune/preload/client'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createHeliaLight } from 'helia'
import { seededBuffer } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import type { PreloadNode, PreloadingNode } from '@kitsune/preload/client'

const SIZE = 8 << 20

describe('preload by Helia', function () {
  this.timeout(90_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'preload by Helia')
  })

  afterEach(async () => {
    await peers.stop()
  })

  const startHelia = async (): Promise<PreloadingNode & Parameters<typeof unixfs>[0]> => {
    const helia = withBitswap(withLibp2pLight(createHeliaLight(), {
      transports: [webSockets()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: { identify: identify() }
    }))
    await helia.start()
    peers.onStop(async () => helia.stop())

    return helia as never
  }

  it('leaves a file at a node, and says that all of it is safe', async () => {
    const [kubo, helia] = await Promise.all([peers.kubo(), startHelia()])
    const balancer = await peers.balancer({ downstreams: [kubo.url], args: ['-p', '127.0.0.1:0'] })
    const node: PreloadNode = { url: balancer.preload, address: multiaddr(balancer.ws) }
    const cid = await unixfs(helia).addBytes(seededBuffer(SIZE, 'preload-helia'))
    let progress = 0
    const result = await preload(helia, cid, { nodes: [node], onProgress: safe => { progress = safe } })

    expect(result).to.deep.equal({ node: node.url, safe: progress, total: progress })
    expect(progress).to.be.above(SIZE / (1 << 20))
    expect((await (await kubo.call('cat', [`${cid}`], { offline: 'true' })).bytes()).byteLength).to.equal(SIZE)

    // blocks that the node has are not sent again
    const before = await kubo.blocksReceived()
    expect((await preload(helia, cid, { nodes: [node] })).safe).to.equal(progress)
    expect(await kubo.blocksReceived()).to.equal(before)
  })

  it('continues where it was cut off', async () => {
    const [kubo, helia] = await Promise.all([peers.kubo(), startHelia()])
    const balancer = await peers.balancer({ downstreams: [kubo.url], args: ['-p', '127.0.0.1:0'] })
    const node: PreloadNode = { url: balancer.preload, address: multiaddr(balancer.ws) }
    const cid = await unixfs(helia).addBytes(seededBuffer(SIZE, 'preload-cut-off'))
    // the node has the root, but not the blocks that it links to
    const chunks: Uint8Array[] = []

    for await (const chunk of helia.blockstore.get(cid)) {
      chunks.push(chunk)
    }

    expect(await kubo.putBlock(Buffer.concat(chunks), { codec: 'dag-pb' })).to.equal(`${cid}`)
    const { safe, total } = await preload(helia, cid, { nodes: [node], signal: AbortSignal.timeout(20_000) })

    expect(safe).to.equal(total)
    expect((await (await kubo.call('cat', [`${cid}`], { offline: 'true' })).bytes()).byteLength).to.equal(SIZE)
  })
})
