import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../../src/blocks.ts'
import { kitsuneIndexScript } from '../../src/kitsune-index.ts'
import { removeFolder, runProcess, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { delay, poll } from '../../src/until.ts'
import { startWorker, workerMetric } from '../support/local-worker.ts'
import { writeCar } from '../support/write-car.ts'
import type { TestBlock } from '../../src/blocks.ts'
import type { WirePeer } from '../../src/wire-peer.ts'
import type { LocalWorker } from 'kitsune-edge/local'

const BLOCKS = 2_000
const SIZE = 4 << 10
/** An index is told a multihash alone, so DUDEWHERE is asked for a root with each of these codecs: dag-pb, dag-cbor and raw. */
const CODECS = 3
/** Unknown blocks of a message that are looked for in DUDEWHERE. */
const LISTED = 8

/** A file of 32 MiB. What is read once counts for less in a larger one. */
const LARGE_BLOCKS = 128
const LARGE = 256 << 10

const TYPES = ['block', 'have'] as const

describe('the sub-requests of the edge server in workerd', function () {
  this.timeout(120_000)

  let folder: string
  let indexed: string
  let blocks: TestBlock[]
  let absent: TestBlock[]
  const peers = stack()

  before(async () => {
    folder = temporaryFolder('cars')
    indexed = temporaryFolder('indexed-cars')
    blocks = await seededBlocks(BLOCKS, SIZE, 'sub-requests')
    absent = await seededBlocks(1_000, 100, 'absent')
    // larger than what is read at once, in several CARs
    await Promise.all([0, 1, 2, 3].map(async i => writeCar(join(folder, `${i}.car`), blocks.slice(i * BLOCKS / 4, (i + 1) * BLOCKS / 4), [blocks[i * BLOCKS / 4].cid])))
    await runProcess(process.execPath, [kitsuneIndexScript(), 'add', ...[0, 1, 2, 3].map(i => join(folder, `${i}.car`)), '--to', indexed])
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(() => {
    removeFolder(folder)
    removeFolder(indexed)
  })

  async function start (init: Parameters<typeof startWorker>[0]): Promise<{ edge: LocalWorker, client: WirePeer }> {
    const edge = await startWorker(init)
    peers.onStop(async () => edge.stop())
    const client = await peers.wire()
    await client.connect(edge.address)

    return { edge, client }
  }

  async function paid (edge: LocalWorker, kind: string): Promise<number> {
    return workerMetric(edge, `operations_total{kind="${kind}"}`)
  }

  it('are at most three for a single block of an isolate that has read nothing, and two for each further one', async () => {
    const { edge, client } = await start({ cars: folder })
    let before = 0

    for (const [i, place] of [1_234, 77, 1_900, 601].entries()) {
      await client.fetch(edge.peerId, [blocks[place].cid])
      const now = await paid(edge, 'r2Get')
      // the root of the map, a page of it, the block
      expect(now - before, `of the ${i + 1}th`).to.be.at.most(i === 0 ? 3 : 2)
      before = now
    }
  })

  it('are at most 0.15 a block of 256 KiB for a client that asks for HAVEs first, then for the blocks', async () => {
    const large = temporaryFolder('large-blocks')
    peers.onStop(async () => { removeFolder(large) })
    const inOrder = await seededBlocks(LARGE_BLOCKS, LARGE, 'in order')
    await writeCar(join(large, 'blocks.car'), inOrder)
    const edge = await startWorker({ cars: large })
    peers.onStop(async () => edge.stop())
    const client = await peers.wire({ keeps: false })
    await client.connect(edge.address)

    // as many at a time as kubo asks for
    for (let i = 0; i < LARGE_BLOCKS; i += 32) {
      const cids = inOrder.slice(i, i + 32).map(({ cid }) => cid)
      const before = client.bytesReceived
      await client.want(edge.peerId, cids, { type: 'have', sendDontHave: true })
      await poll(async () => client.bytesReceived > before, 'HAVEs', { interval: 5 })
      await client.want(edge.peerId, cids)
      await client.until(() => client.bytesReceived >= (i + cids.length) * LARGE, 'the blocks', 30_000)
    }

    expect(await workerMetric(edge, 'blocks_sent_total')).to.equal(LARGE_BLOCKS)
    expect(await paid(edge, 'r2Get') / LARGE_BLOCKS).to.be.at.most(0.15)
  })

  TYPES.forEach(type => {
    it(`are at most twenty in all for a thousand want-${type}s of blocks that are not there, each of which is denied`, async () => {
      const { edge, client } = await start({ cars: folder })
      await client.want(edge.peerId, absent.map(({ cid }) => cid), { type, sendDontHave: true })
      await client.until(() => client.presences.size === absent.length, 'a DONT_HAVE for each', 30_000)

      expect([...client.presences.values()].every(presence => presence === 'dont-have')).to.equal(true)
      expect(await paid(edge, 'r2Get')).to.be.at.most(20)
      expect(await paid(edge, 'r2List')).to.equal(0)
    })

    it(`list DUDEWHERE for at most eight of a hundred unknown want-${type}s, of which none is denied`, async () => {
      const { edge, client } = await start({ cars: indexed, layout: 'dudewhere' })
      const began = performance.now()
      await client.want(edge.peerId, absent.slice(0, 100).map(({ cid }) => cid), { type, sendDontHave: true })
      await poll(async () => await paid(edge, 'r2List') >= CODECS * LISTED, 'DUDEWHERE to be listed')
      // time for whatever would be listed beyond that
      await delay(2_000)
      const seconds = (performance.now() - began) / 1_000
      // one more each second
      expect(await paid(edge, 'r2List')).to.be.at.most(CODECS * (LISTED + seconds))
      expect(client.presences.size).to.equal(0)

      const other = await peers.wire()
      await other.connect(edge.address)
      await other.fetch(edge.peerId, [blocks[0].cid])
    })
  })
})
