import { createHash } from 'node:crypto'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { startJsIpfs } from '../src/js-ipfs.ts'
import { needJsIpfs, needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { delay } from '../src/until.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Dag } from '../src/dag.ts'
import type { JsIpfs } from '../src/js-ipfs.ts'

/** The balancer closes a stream that has been silent for 5 s. */
const LONGER_THAN_STREAMS_LIVE = 11_000
const BLOCKS = 40

describe('js-ipfs as a client', function () {
  this.timeout(60_000)

  let binary: string
  let modules: string
  let balancer: Balancer
  let dag: Dag
  let blocks: TestBlock[]
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'js-ipfs as a client')
    modules = needJsIpfs(this, 'js-ipfs as a client')

    dag = await createDag(binary, { size: 64 << 10, blockSize: 1 << 10, seed: 'js-ipfs' })
    const [even, odd] = await Promise.all([
      peers.kubo({ dag, share: 'even' }),
      peers.kubo({ dag, share: 'odd' })
    ])
    blocks = await seededBlocks(2 * BLOCKS, 2_000, 'js-ipfs')
    await Promise.all(blocks.map(async ({ bytes }, i) => (i % 2 === 0 ? even : odd).putBlock(bytes)))
    balancer = await peers.balancer({ downstreams: [even.url, odd.url] })
  })

  after(async () => {
    await peers.stop()
  })

  const client = async (address: string): Promise<JsIpfs> => {
    const ipfs = await startJsIpfs(modules)
    peers.onStop(ipfs.stop)
    await ipfs.connect(address)

    return ipfs
  }

  const expectSerially = async (ipfs: JsIpfs, wanted: readonly TestBlock[]): Promise<void> => {
    for (const { cid, bytes } of wanted) {
      expect(await ipfs.getBlock(cid.toString())).to.deep.equal(new Uint8Array(bytes))
    }
  }

  (['tcp', 'ws'] as const).forEach(transport => {
    it(`gets forty blocks one after another by mplex over ${transport}, and forty more after a pause, on one connection`, async () => {
      const ipfs = await client(balancer[transport])
      const connections = await ipfs.connections()

      expect(connections).to.have.lengthOf(1)
      expect(connections).to.have.nested.property('[0].peerId', balancer.peerId)
      expect(connections).to.have.nested.property('[0].multiplexer').that.matches(/^\/mplex\//)

      await expectSerially(ipfs, blocks.slice(0, BLOCKS))
      await delay(LONGER_THAN_STREAMS_LIVE)
      await expectSerially(ipfs, blocks.slice(BLOCKS))

      expect(await ipfs.connections(), 'reconnected on the way').to.deep.equal(connections)
    })
  })

  it('reads a file whose blocks two nodes share', async () => {
    const ipfs = await client(balancer.ws)
    const file = await ipfs.cat(dag.root)

    expect(file).to.have.lengthOf(dag.size)
    expect(createHash('sha256').update(file).digest('hex')).to.equal(dag.sha256)
  })
})
