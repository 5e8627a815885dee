import * as dagPb from '@ipld/dag-pb'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { blockOf, seededBlock } from '../../src/blocks.ts'
import { needKubo } from '../../src/needs.ts'
import { serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { Kubo } from '../../src/kubo.ts'

const ETH_BLOCK = 0x90
const DAG_JSON = 0x0129
/** A codec that is not registered. */
const UNREGISTERED = 0x300539

describe('preload of blocks that kubo cannot read', function () {
  this.timeout(60_000)

  let binary: string
  let kubo: Kubo
  let balancer: Balancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload of blocks that kubo cannot read')
    ;({ kubo, balancer } = await startPreloadNode(peers))
  })

  after(async () => {
    await peers.stop()
  })

  /** Lets a client that holds the blocks preload the first of them. */
  const preload = async (root: CID, blocks: readonly TestBlock[]): Promise<{ status: number, refs: string[] }> => {
    const client = await peers.wire({ onMessage: serveBlocks(blocks) })
    await client.connect(balancer.ws)
    const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&u=true&arg=${root}&peer=${client.peerId}`, { method: 'POST' })
    const text = await response.text()

    return { status: response.status, refs: text.split('\n').filter(line => line !== '').map(line => JSON.parse(line).Ref ?? line) }
  }

  const isStored = async ({ cid }: TestBlock): Promise<boolean> => kubo.call('block/stat', [`${cid}`], { offline: 'true' }).then(async response => {
    await response.text()

    return true
  }, () => false)

  const json = async (links: readonly CID[]): Promise<TestBlock> => blockOf(Buffer.from(JSON.stringify(Object.fromEntries(links.map((cid, i) => [String(i), { '/': `${cid}` }])))), { codec: DAG_JSON })

  const takes = async (what: string, codec: number): Promise<void> => {
    const before = await seededBlock(999, `before ${what}`)
    const odd = await blockOf((await seededBlock(999, what)).bytes, { codec })
    const beside = await seededBlock(999, `beside ${what}`)
    const below = await blockOf(dagPb.encode({ Links: [{ Name: '', Hash: beside.cid }] }), { codec: dagPb.code })
    const root = await json([before.cid, odd.cid, below.cid])
    const { status, refs } = await preload(root.cid, [before, odd, beside, below, root])

    expect(status).to.equal(200)
    expect(refs).to.have.members([before, odd, below, beside].map(({ cid }) => `${cid}`))
    expect(await Promise.all([root, before, odd, below, beside].map(isStored))).to.deep.equal([true, true, true, true, true])
  }

  it('takes blocks of a codec that it does not know, and the blocks linked beside them', async () => takes('unknown', ETH_BLOCK))

  it('takes blocks of a codec that is not registered', async () => takes('unregistered', UNREGISTERED))

  it('takes blocks that are not valid in their codec', async () => takes('broken', dagPb.code))

  it('takes the links of blocks that are inside their CIDs', async () => {
    const inner = await seededBlock(999, 'inner')
    const own = CID.createV1(dagPb.code, identity.digest(dagPb.encode({ Links: [{ Name: '', Hash: inner.cid }] })))
    const root = await json([own, CID.createV1(0x55, identity.digest(Buffer.from('leaf')))])

    expect((await preload(root.cid, [inner, root])).status).to.equal(200)
    expect(await isStored(inner)).to.equal(true)
  })
})
