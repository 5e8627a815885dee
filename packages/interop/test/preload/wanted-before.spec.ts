import * as dagPb from '@ipld/dag-pb'
import { expect } from 'aegir/chai'
import { blockOf, seededBlock, seededBlocks } from '../../src/blocks.ts'
import { needKubo } from '../../src/needs.ts'
import { serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { delay } from '../../src/until.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { WirePeer } from '../../src/wire-peer.ts'
import type { CID } from 'multiformats/cid'

/** Within which the node has asked the balancer for what its own users want, ms. */
const ASKED = 1500
/** A preload that got stuck would end after 30 s, ms. */
const SOON = 10_000

describe('preload of what the node is looking for already', function () {
  this.timeout(60_000)

  let binary: string
  let kubo: Kubo
  let balancer: Balancer
  let client: WirePeer
  const held: TestBlock[] = []
  const leaving = new AbortController()
  /** What users of the node wait for. */
  const awaited: Array<Promise<unknown>> = []
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload of what the node is looking for already')
    ;({ kubo, balancer } = await startPreloadNode(peers))
    client = await peers.wire({ onMessage: serveBlocks(held) })
    await client.connect(balancer.ws)
  })

  after(async () => {
    leaving.abort()
    await Promise.allSettled(awaited)
    await peers.stop()
  })

  const get = ({ cid }: TestBlock): Promise<Uint8Array> => {
    const got = kubo.getBlock(`${cid}`, { signal: leaving.signal })
    got.catch(() => {})
    awaited.push(got)

    return got
  }

  const preload = async (cid: CID): Promise<{ status: number, lines: number, ms: number }> => {
    const start = performance.now()
    const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&arg=${cid}&peer=${client.peerId}`, { method: 'POST' })
    const text = await response.text()

    return { status: response.status, lines: text.split('\n').length - 1, ms: performance.now() - start }
  }

  it('completes, and serves those that have waited', async () => {
    const leaves = await seededBlocks(3, 1000, 'wanted before')
    const root = await blockOf(dagPb.encode({ Links: leaves.map(({ cid }) => ({ Name: '', Hash: cid })) }), { codec: dagPb.code })
    const [rootGot, leafGot] = [get(root), get(leaves[1])]
    await delay(ASKED)

    held.push(root, ...leaves)
    const { status, lines, ms } = await preload(root.cid)
    expect([status, lines]).to.deep.equal([200, 3])
    expect(ms).to.be.lessThan(SOON)
    expect([await rootGot, await leafGot]).to.deep.equal([root.bytes, leaves[1].bytes])
  })

  it('completes if the node began to look for it while it preloaded something else', async () => {
    const [missing, late] = await Promise.all(['wanted before: missing', 'wanted before: late'].map(async seed => seededBlock(1000, seed)))
    const other = new AbortController()
    const stuck = fetch(`${balancer.preload}/api/v0/refs?arg=${missing.cid}&peer=${client.peerId}`, { method: 'POST', signal: other.signal }).catch(() => {})
    const got = get(late)
    await delay(ASKED)

    held.push(late)
    const { status, ms } = await preload(late.cid)
    other.abort()
    await stuck
    expect(status).to.equal(200)
    expect(ms).to.be.lessThan(SOON)
    expect(await got).to.deep.equal(late.bytes)
  })
})
