import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { FULL } from '../../../src/full.ts'
import { needKubo } from '../../../src/needs.ts'
import { BACKENDS } from './backends.ts'
import { readCorpus } from './corpus.ts'
import { startDynamoTable } from './dynamo-table.ts'
import { OPEN } from './open-index.ts'
import { recordMatrix } from './results.ts'
import { mapOf, serveMap, writeCars } from './write-indexes.ts'
import type { Backend } from './backend.ts'
import type { CorpusCar } from './corpus.ts'
import type { DynamoTable } from './dynamo-table.ts'
import type { IndexTitle, Opening } from './open-index.ts'
import type { MatrixResult } from './results.ts'
import type { ServedIndex } from './write-indexes.ts'
import type { Block, BlockSource } from '@kitsune/block-source'

/** The index that lists the CARs of a root, and finds no block before its root was asked for. */
const LISTS = 'DUDEWHERE'

/** How many blocks are asked for one by one. */
const ONE_BY_ONE = 40

describe('CARs in every backend, found by every index', function () {
  // each index of R2 reads 2 GiB through a Worker in miniflare
  this.timeout(FULL ? 1_800_000 : 60_000)

  let cars: CorpusCar[]
  let map: Map<string, Uint8Array>
  let table: DynamoTable
  let service: ServedIndex
  let opening: Opening
  const results: MatrixResult[] = []

  before(async function () {
    cars = await readCorpus(needKubo(this, 'CARs in every backend'))
    map = await mapOf(cars)
    table = await startDynamoTable(cars)
    service = await serveMap(map)
    opening = { cars: cars.map(({ name }) => name), service: service.url, table: table.init }
  })

  after(async () => {
    await service?.stop()
    await table?.stop()

    if (FULL) {
      recordMatrix(cars, results)
    }
  })

  function backendTests (name: string, start: typeof BACKENDS[string]): void {
    let backend: Backend

    before(async function () {
      backend = await start(this)
      await writeCars(cars, map, backend.write)
    })

    after(async () => {
      await backend?.stop()
    })

    function indexTest (title: IndexTitle): void {
      const byRootOnly = title.includes(LISTS)

      it(`${title}: each block equals, by its root${byRootOnly ? '' : ' and at random'}`, async () => {
        const start = performance.now()
        const compared: Block[] = []

        for (const car of cars) {
          compared.push(...await readsByRoot(backend.open(title, opening), car))
        }

        if (!byRootOnly) {
          compared.push(...await readsAtRandom(backend.open(title, opening), cars.flatMap(({ blocks }) => blocks)))
        }

        const bytes = compared.reduce((sum, block) => sum + block.bytes.byteLength, 0)
        results.push({ backend: name, index: title, seconds: (performance.now() - start) / 1_000, blocks: compared.length, bytes })
      })
    }

    const titles = Object.keys(OPEN) as IndexTitle[]
    // a web server does not list
    titles.filter(title => !title.includes(LISTS) || !name.startsWith('a web server')).forEach(indexTest)
  }

  for (const [name, start] of Object.entries(BACKENDS)) {
    describe(name, () => { backendTests(name, start) })
  }
})

/** Reads the root, and then all blocks of the CAR in its order, for one client. Returns the compared blocks. */
async function readsByRoot (source: BlockSource, { title, roots: [root], blocks }: CorpusCar): Promise<Block[]> {
  const session = title
  const rootBlock = blocks.find(({ cid }) => cid.equals(root))
  const bytes = await source.get(root, { session })

  if (rootBlock == null) {
    expect(bytes).to.equal(undefined)
  } else {
    compare(rootBlock, bytes)
  }

  return readsAll(source, blocks, session)
}

/** Reads blocks of all CARs in an order that is unrelated to their places, at once and one by one. */
async function readsAtRandom (source: BlockSource, blocks: readonly Block[]): Promise<Block[]> {
  const shuffled = blocks.map((block, i) => ({ block, order: Math.imul(i + 1, 0x9e3779b1) >>> 0 })).sort((a, b) => a.order - b.order).map(({ block }) => block)
  const compared = await readsAll(source, shuffled)

  for (const block of shuffled.slice(0, ONE_BY_ONE)) {
    compare(block, await source.get(block.cid))
    // the same by a CID of another version or codec
    compare(block, await source.get(CID.createV1(0x55, block.cid.multihash)))
    compared.push(block)
  }

  return compared
}

async function readsAll (source: BlockSource, blocks: readonly Block[], session?: string): Promise<Block[]> {
  const left = new Map(blocks.map(block => [block.cid, block]))
  const compared: Block[] = []

  for await (const { cid, bytes, error } of source.getMany?.([...left.keys()], { session }) ?? []) {
    const block = left.get(cid)
    expect(error).to.equal(undefined)

    if (block == null) {
      expect.fail(`${cid} was not asked for, or came twice`)
    }

    compare(block, bytes)
    compared.push(block)
    left.delete(cid)
  }

  expect([...left.keys()]).to.deep.equal([])

  return compared
}

function compare (block: Block, bytes: Uint8Array | undefined): void {
  // much faster than a deep comparison
  if (bytes == null || Buffer.compare(bytes, block.bytes) !== 0) {
    expect.fail(`${block.cid} has ${bytes?.byteLength} bytes, which are not the ${block.bytes.byteLength} of the CAR`)
  }
}
