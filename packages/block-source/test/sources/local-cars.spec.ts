import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { carSource, getMany, scanIndex } from '../../src/index.ts'
import { fsStore } from '../../src/stores/fs.ts'
import { carOf, rawBlocks } from './cars.ts'
import type { Block, BlockIndex, GetManyResult, Location, ObjectStore } from '../../src/index.ts'

const LENGTH = 40_000

describe('CAR files in a folder, many blocks at once', () => {
  let folder: string
  let blocks: Block[]
  let store: ObjectStore
  /** How each range was read: in one piece, or into buffers. */
  let reads: Array<'piece' | 'buffers'>

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-cars-'))
    blocks = await rawBlocks(30, LENGTH)
    await writeFile(join(folder, 'x.car'), await carOf(blocks))
    reads = []
    const files = fsStore({ folder })
    store = {
      ...files,
      async read (...args) {
        reads.push('piece')

        return files.read(...args)
      },
      async readInto (...args) {
        reads.push('buffers')

        return files.readInto?.(...args)
      }
    }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  /** Creates an index that is wrong in some way. Only reads after that are counted. */
  async function spoilt (change: (location: Location, i: number) => Location): Promise<BlockIndex> {
    const right = scanIndex(store, 'x.car')
    const located = await right.locate(blocks.map(({ cid }) => cid.multihash.bytes))
    const places = new Map(located.map((locations, i) => [String(blocks[i].cid.multihash.bytes), locations instanceof Error ? locations : locations.map(location => change(location, i))]))
    reads = []

    return { complete: true, locate: async multihashes => multihashes.map(multihash => places.get(String(multihash)) ?? []) }
  }

  async function readAll (index: BlockIndex): Promise<GetManyResult[]> {
    const results: GetManyResult[] = []

    for await (const result of getMany(carSource({ store, index }), blocks.map(({ cid }) => cid))) {
      results.push(result)
    }

    return results
  }

  it('are read into their own buffers, without a copy', async () => {
    const results = await readAll(await spoilt(location => location))
    expect(results).to.have.deep.members(blocks)
    expect(results.every(({ bytes }) => bytes?.buffer.byteLength === LENGTH)).to.equal(true)
    expect(reads).to.deep.equal(['buffers'])
  })

  it('are read in one piece if they overlap, or their positions are not known', async () => {
    for (const change of [
      (location: Location, i: number): Location => i === 3 ? { ...location, offset: location.offset - 100 } : location,
      (location: Location): Location => ({ object: 'x.car', offset: location.offset - 39, at: 'section' })
    ]) {
      const results = await readAll(await spoilt(change))
      expect(results).to.have.lengthOf(30)
      expect(results.filter(({ bytes }) => bytes != null).length).to.be.at.least(29)
      expect(reads).to.not.include('buffers')
    }
  })

  it('do not fail because the index has a wrong position for one of them', async () => {
    for (const wrong of [{ offset: 1e9 }, { length: LENGTH - 1 }, { offset: 1 }]) {
      const results = await readAll(await spoilt((location, i) => i === 7 ? { ...location, ...wrong } : location))
      expect(results).to.have.lengthOf(30)
      expect(results.filter(({ bytes }) => bytes == null).map(({ cid, error }) => [cid, error != null])).to.deep.equal([[blocks[7].cid, true]])
    }
  })

  it('are errors if the file is too short, has changed or is gone, and never a miss', async () => {
    const index = await spoilt(({ etag, ...location }) => location)
    const old = await spoilt(location => ({ ...location, etag: '"another"' }))
    expect((await readAll(old)).map(({ error }) => error?.name)).to.deep.equal(blocks.map(() => 'ObjectChangedError'))

    await truncate(join(folder, 'x.car'), 10 * LENGTH)
    const left = await readAll(index)
    expect(left.filter(({ bytes }) => bytes != null)).to.have.lengthOf(9)
    expect(left.filter(({ error }) => error != null)).to.have.lengthOf(21)

    await rm(join(folder, 'x.car'))
    expect((await readAll(index)).map(({ error }) => error?.name)).to.deep.equal(blocks.map(() => 'ObjectMissingError'))
  })
})
