import { createHash } from 'node:crypto'
import { mock } from 'node:test'
import { createMapWriter } from '@kitsune/block-source'
import { folderMapStore } from '@kitsune/block-source/fs'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../../src/blocks.ts'
import { FULL } from '../../src/full.ts'
import { BUCKET_SCRIPT } from '../../src/http-bucket.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { stack } from '../../src/stack.ts'
import { startWorker, workerMetric } from '../support/local-worker.ts'
import { serveFolder } from '../support/served-folder.ts'
import type { CarToAdd } from '@kitsune/block-source'
import type { LocalWorker } from 'kitsune-edge/local'

const ROWS = FULL ? 1_000_000 : 50_000
/** Each is added by itself, so the map has as many shards, and a filter for each: no more than that are kept. */
const CARS = 16
const TYPES = ['block', 'have'] as const

/** A CAR that exists only in the map. */
function madeUpCar (name: string, blocks: number): CarToAdd {
  return {
    name,

    async * blocks () {
      for (let i = 0; i < blocks; i++) {
        const digest = createHash('sha256').update(`${name} ${i}`).digest()

        yield [{ multihash: Uint8Array.of(0x12, digest.length, ...digest), blockOffset: 300 * i, blockLength: 200 }]
      }
    }
  }
}

describe(`the edge server in workerd, with a map of ${ROWS} blocks`, function () {
  this.timeout(300_000)

  let folder: string
  let empty: string
  let edge: LocalWorker
  const files = stack()
  const peers = stack()

  before(async () => {
    folder = temporaryFolder('large-map')
    empty = temporaryFolder('no-cars')
    const writer = createMapWriter(folderMapStore({ folder }))
    let seed = 0
    // so that each time the filters are wrong about the same blocks
    const seeds = mock.method(crypto, 'getRandomValues', (words: Uint32Array) => words.fill(++seed))

    for (let i = 0; i < CARS; i++) {
      await writer.add([madeUpCar(`${i}.car`, ROWS / CARS)])
    }

    seeds.mock.restore()
    const served = await serveFolder(folder)
    files.onStop(served.stop)
    edge = await startWorker({ cars: empty, bucket: { script: BUCKET_SCRIPT, bindings: { url: served.url } } })
    files.onStop(async () => edge.stop())
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(async () => {
    await files.stop()
    removeFolder(folder)
    removeFolder(empty)
  })

  TYPES.forEach(type => {
    it(`denies a thousand want-${type}s of blocks that are not there by at most twenty reads in all`, async () => {
      const before = await workerMetric(edge, 'operations_total{kind="r2Get"}')
      const absent = await seededBlocks(1_000, 100, `absent ${type}s`)
      const client = await peers.wire()
      await client.connect(edge.address)
      await client.want(edge.peerId, absent.map(({ cid }) => cid), { type, sendDontHave: true })
      await client.until(() => client.presences.size === absent.length, 'a DONT_HAVE for each', 60_000)

      expect([...client.presences.values()].every(presence => presence === 'dont-have')).to.equal(true)
      expect(await workerMetric(edge, 'operations_total{kind="r2Get"}') - before).to.be.at.most(20)
    })
  })
})
