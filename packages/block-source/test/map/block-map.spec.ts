import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { Miniflare } from 'miniflare'
import { folderMapStore } from '../../src/map/folder-map-store.ts'
import { mapIndex } from '../../src/map/map-index.ts'
import { createMapWriter } from '../../src/map/map-writer.ts'
import { memoryMapStore } from '../../src/map/memory-map-store.ts'
import { r2MapStore } from '../../src/map/r2-map-store.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { blockIndexTests } from '../../src/testing/block-index-tests.ts'
import { testMultihash } from '../../src/testing/test-multihash.ts'
import { block, blocks, carV1, identity } from '../fixtures/cars.ts'
import { counted } from '../fixtures/counted.ts'
import { goFixture, readCar } from '../fixtures/original-tools.ts'
import { carOf, madeUp } from './fixtures.ts'
import type { BlockIndex, Location } from '../../src/block-index.ts'
import type { MapStore } from '../../src/map/map-store.ts'
import type { R2MapBucketLike } from '../../src/map/r2-map-store.ts'

async function names (index: BlockIndex, multihash: Uint8Array): Promise<string[]> {
  const [located] = await index.locate([multihash]) as Location[][]

  return located.map(({ object }) => object)
}

blockIndexTests(async wrap => {
  const all = [...await blocks(120, 300), await block('')]
  const store = memoryMapStore()
  const writer = createMapWriter(store)
  const cars = new Map([['a.car', carV1(all.slice(0, 50))], ['b.car', carV1(all.slice(50))]])
  await writer.add([carOf('a.car', all.slice(0, 50))])
  await writer.add([carOf('b.car', all.slice(50))])

  return { blocks: all, store: memoryStore({ objects: cars }), index: mapIndex(wrap(store), { complete: true }) }
}, { name: 'laws of an index: the block map', maxRead: 64 << 20 })

const STORES: Record<string, () => Promise<{ store: MapStore, stop (): Promise<void> }>> = {
  'in memory': async () => ({ store: memoryMapStore(), stop: async () => {} }),
  'in a folder': async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kitsune-map-'))

    return { store: folderMapStore({ folder }), stop: async () => rm(folder, { recursive: true }) }
  },
  'in R2': async () => {
    const worker = new Miniflare({ modules: true, script: 'export default {}', r2Buckets: ['BUCKET'] })
    const bucket = await worker.getR2Bucket('BUCKET') as unknown as R2MapBucketLike

    return { store: r2MapStore({ bucket }), stop: async () => worker.dispose() }
  }
}

for (const [where, make] of Object.entries(STORES)) {
  describe(`a block map ${where}`, function () {
    this.timeout(60_000)

    let store: MapStore
    let stop: () => Promise<void>

    beforeEach(async () => {
      ({ store, stop } = await make())
    })

    afterEach(async () => stop())

    it('finds each block in the CARs that were added, and nothing else', async () => {
      const all = await blocks(200)
      expect(await createMapWriter(store).add([carOf('a', all.slice(0, 120)), carOf('b', all.slice(80))])).to.deep.equal(['a', 'b'])
      const index = mapIndex(store)

      for (const [i, { multihash }] of all.entries()) {
        expect(await names(index, multihash)).to.deep.equal([...(i < 120 ? ['a'] : []), ...(i >= 80 ? ['b'] : [])])
      }

      expect(await names(index, (await block('elsewhere')).multihash)).to.deep.equal([])
      expect(await names(index, identity('in its CID').multihash)).to.deep.equal([])
    })

    it('finds blocks by hashes of any function and length, and none by half a hash', async () => {
      const all = await readCar(await goFixture('v1.car'))
      await createMapWriter(store).add([carOf('a', all)])
      const index = mapIndex(store)

      for (const { multihash } of all) {
        expect(await names(index, multihash)).to.deep.equal(multihash[0] === 0 ? [] : ['a'])
        const other = multihash.slice()
        other[other.length - 1] ^= 1
        expect(await names(index, other)).to.deep.equal([])
      }
    })

    it('adds a CAR once, and reads it once', async () => {
      const all = await blocks(10)
      const writer = createMapWriter(store)
      await writer.add([carOf('a', all), carOf('a', all)])

      expect(await writer.add([{ name: 'a', blocks: () => { throw new Error('read again') } }])).to.deep.equal([])
      expect(await writer.list()).to.deep.equal(['a'])
      expect(await names(mapIndex(store), all[3].multihash)).to.deep.equal(['a'])
    })

    it('adds all of a CAR or nothing, and keeps what was before it', async () => {
      const all = await blocks(30)
      const writer = createMapWriter(store)
      const bad = carOf('bad', [], carV1(all.slice(10, 20)).slice(0, -1))
      await expect(writer.add([carOf('a', all.slice(0, 10)), bad, carOf('c', all.slice(20))])).to.eventually.be.rejected
        .with.property('name', 'MalformedCarError')

      expect(await writer.list()).to.deep.equal(['a'])
      expect(await names(mapIndex(store), all[12].multihash)).to.deep.equal([])
      await writer.add([carOf('a', all), carOf('c', all.slice(20))])
      expect(await writer.list()).to.deep.equal(['a', 'c'])
    })

    it('returns ten locations of a block in twelve CARs, the CARs that were added last first', async () => {
      const one = await block('popular')
      const writer = createMapWriter(store)

      for (let i = 0; i < 12; i++) {
        await writer.add([carOf(`car-${i}`, [...await blocks(3, i + 10), one])])
      }

      expect(await names(mapIndex(store), one.multihash)).to.deep.equal([11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map(i => `car-${i}`))
    })

    it('returns one location of a block that is in a CAR twice', async () => {
      const all = await blocks(3)
      await createMapWriter(store).add([carOf('a', [...all, ...all])])
      const [located] = await mapIndex(store).locate([all[1].multihash])

      expect(located).to.have.lengthOf(1)
    })

    it('no longer finds removed CARs, and adds them again', async () => {
      const all = await blocks(20)
      const writer = createMapWriter(store)
      await writer.add([carOf('a', all), carOf('b', all)])
      await writer.remove(['a'])
      expect(await names(mapIndex(store), all[0].multihash)).to.deep.equal(['b'])

      await writer.compact()
      expect(await names(mapIndex(store), all[0].multihash)).to.deep.equal(['b'])
      await writer.add([carOf('a', all)])
      expect(await names(mapIndex(store), all[0].multihash)).to.deep.equal(['a', 'b'])
      await writer.remove(['a', 'b', 'c'])
      await writer.compact()
      expect(await writer.list()).to.deep.equal([])
      expect(await names(mapIndex(store), all[0].multihash)).to.deep.equal([])
    })

    it('merges shards above the limit, and loses none of their blocks', async () => {
      const writer = createMapWriter(store, { maxShards: 4 })
      const all = await blocks(40)
      const index = mapIndex(store, { maxAge: 1e9 })

      for (let i = 0; i < 20; i++) {
        await writer.add([carOf(`car-${i}`, all.slice(2 * i, 2 * i + 2))])
        // the index may still have an old root, whose shards are gone
        expect(await names(index, all[0].multihash)).to.deep.equal(['car-0'])
        expect(await shards(store)).to.be.at.most(4)
      }

      for (const [i, { multihash }] of all.entries()) {
        expect(await names(mapIndex(store), multihash)).to.deep.equal([`car-${i >> 1}`])
      }
    })

    it('reads the root with one request, so that no writer changes it in between', async () => {
      const all = await blocks(4)
      const other = createMapWriter(store)
      await other.add([carOf('a', all.slice(0, 1))])
      let changes = 0
      const changing: MapStore = {
        ...store,
        async stat (object, options) {
          const info = await store.stat(object, options)

          if (object === 'map/root' && ++changes <= 3) {
            await other.add([carOf(`other-${changes}`, all.slice(changes, changes + 1))])
          }

          return info
        }
      }

      expect(await createMapWriter(changing).list()).to.include('a')
    })

    it('keeps the CARs of all writers that write at the same time', async () => {
      // each request to miniflare's R2 is slow
      const count = where === 'in R2' ? 3 : 6
      const all = await blocks(10 * count)
      const writers = Array.from({ length: count }, () => createMapWriter(store, { maxShards: 3, attempts: 200 }))

      await Promise.all(writers.map(async (writer, w) => {
        for (let i = 0; i < 5; i++) {
          const n = w * 5 + i
          await writer.add([carOf(`car-${n}`, all.slice(2 * n, 2 * n + 2))])
        }
      }))

      expect((await writers[0].list()).sort()).to.deep.equal(all.slice(0, 5 * count).map((_, i) => `car-${i}`).sort())

      for (const [i, { multihash }] of all.entries()) {
        expect(await names(mapIndex(store), multihash)).to.deep.equal([`car-${i >> 1}`])
      }

      expect(await shards(store)).to.equal((await listed(store)).filter(name => name.endsWith('.rows')).length)
    })
  })
}

/** How many shards the root lists. */
async function shards (store: MapStore): Promise<number> {
  const part = await store.read('map/root', { length: 16 })

  return new DataView(part?.bytes.buffer ?? new ArrayBuffer(16)).getUint32(12, true)
}

async function listed (store: MapStore): Promise<string[]> {
  const all: string[] = []

  for await (const name of store.list?.('map/') ?? []) {
    all.push(name)
  }

  return all
}

describe('a lookup in a block map', () => {
  async function bigMap (): Promise<{ store: MapStore, objects: Map<string, Uint8Array> }> {
    const objects = new Map<string, Uint8Array>()
    const store = memoryMapStore(objects)
    const writer = createMapWriter(store, { maxShardRows: 50_000 })
    await writer.add(Array.from({ length: 200 }, (_, i) => madeUp(`car-${i}`, i * 1000, 1000)))

    return { store, objects }
  }

  it('reads the root and one page, and nothing when it is repeated', async () => {
    const { store } = await bigMap()
    const reads = counted(store)
    const index = mapIndex(reads)
    expect(await names(index, testMultihash(123_456))).to.deep.equal(['car-123'])
    expect(reads.reads.map(({ object, length }) => [object.replace(/[0-9a-f]{32}/, '*'), length])).to.deep.equal([['map/root', 64 << 20], ['map/*.rows', 51_200]])

    await index.locate([testMultihash(123_456)])
    expect(reads.reads).to.have.lengthOf(2)
  })

  it('reads little more than one page for a block, and hardly any for absent ones', async () => {
    const { store } = await bigMap()
    const reads = counted(store)
    const index = mapIndex(reads, { cacheLength: 70_000 })
    await index.locate([testMultihash(0)])
    reads.reads.length = 0

    for (let i = 0; i < 1000; i++) {
      expect(await names(index, testMultihash((i * 7919) % 200_000))).to.have.lengthOf(1)
    }

    // the filters of three of the four shards are wrong one time in 2,200
    expect(reads.reads.length).to.be.below(1000 * (1 + 1 / 100))
    reads.reads.length = 0

    for (let i = 0; i < 1000; i++) {
      expect(await names(index, testMultihash(1_000_000 + i))).to.deep.equal([])
    }

    expect(reads.reads.length).to.be.below(10)
  })

  it('takes at most twenty reads for a thousand absent blocks, if there are as many shards as there may be', async () => {
    const store = memoryMapStore()
    const writer = createMapWriter(store)

    for (let i = 0; i < 16; i++) {
      await writer.add([madeUp(`car-${i}`, i * 1000, 1000)])
    }

    const reads = counted(store)
    const index = mapIndex(reads, { complete: true, maxMissAge: 1000, now: () => 0 })
    await index.locate([testMultihash(0)])
    reads.reads.length = 0
    const located = await index.locate(Array.from({ length: 1000 }, (_, i) => testMultihash(1_000_000 + i)))

    expect(located.every(each => !(each instanceof Error) && each.length === 0)).to.equal(true)
    expect(reads.reads.length).to.be.below(20)
  })

  it('finds blocks at the edge of a page, even if many digests have the same beginning', async () => {
    const hashes = Array.from({ length: 3000 }, (_, i) => {
      const multihash = new Uint8Array(34)
      multihash.set([0x12, 0x20])
      // the same first four bytes from row 1,000 to row 2,100
      new DataView(multihash.buffer).setUint32(2, i < 1000 ? i : i <= 2100 ? 1000 : i)
      new DataView(multihash.buffer).setUint32(30, i)

      return multihash
    })
    const store = memoryMapStore()
    await createMapWriter(store).add([{
      name: 'a',
      async * blocks () { yield hashes.map((multihash, i) => ({ multihash, blockOffset: i, blockLength: 1 })) }
    }])
    const located = await mapIndex(store).locate(hashes) as Location[][]

    expect(located.map(([{ offset }]) => offset)).to.deep.equal(hashes.map((_, i) => i))
  })

  it('costs 52 bytes a block, and the names of the CARs', async () => {
    const { objects } = await bigMap()
    const bytes = [...objects.values()].reduce((sum, { length }) => sum + length, 0)

    expect(bytes / 200_000).to.be.within(52, 52.07)
  })

  it('finds added blocks once the root is old, or at once if a miss must be certain', async () => {
    const all = await blocks(2)
    const store = memoryMapStore()
    const writer = createMapWriter(store)
    await writer.add([carOf('a', all.slice(0, 1))])
    let now = 0
    const init = { now: () => now, maxAge: 60_000, maxMissAge: 1000 }
    const partial = mapIndex(store, init)
    const complete = mapIndex(store, { ...init, complete: true })
    await Promise.all([partial, complete].map(async index => index.locate([all[0].multihash])))
    await writer.add([carOf('b', all.slice(1))])

    now = 1001
    expect(await names(complete, all[1].multihash)).to.deep.equal(['b'])
    expect(await names(partial, all[1].multihash)).to.deep.equal([])
    now = 60_001
    expect(await names(partial, all[1].multihash)).to.deep.equal(['b'])
  })

  it('does not read a root again that has not changed', async () => {
    const all = await blocks(2)
    const store = memoryMapStore()
    await createMapWriter(store).add([carOf('a', all)])
    let now = 0
    const reads = counted(store)
    const index = mapIndex(reads, { now: () => now, complete: true })

    for (; now < 1e6; now += 10_000) {
      await index.locate([all[0].multihash, testMultihash(1)])
    }

    expect(reads.reads.filter(({ object }) => object === 'map/root')).to.have.lengthOf(1)
  })

  it('fails if there is no map, or its root is damaged anywhere', async () => {
    const all = await blocks(5)
    const objects = new Map<string, Uint8Array>()
    const store = memoryMapStore(objects)
    await expect(mapIndex(store).locate([all[0].multihash])).to.eventually.be.rejected.with.property('name', 'ObjectMissingError')
    await createMapWriter(store).add([carOf('a', all)])
    const root = objects.get('map/root') ?? new Uint8Array()

    for (let i = 0; i < root.length; i++) {
      const damaged = root.slice()
      damaged[i] ^= 0x10
      objects.set('map/root', i % 2 === 0 ? damaged : root.slice(0, i))
      await expect(mapIndex(store).locate([all[0].multihash])).to.eventually.be.rejected.with.property('name', 'MalformedIndexError')
      await expect(createMapWriter(store).add([carOf('b', all)])).to.eventually.be.rejected.with.property('name', 'MalformedIndexError')
    }
  })

  it('fails if a shard is missing, or has another length', async () => {
    const all = await blocks(5)
    const objects = new Map<string, Uint8Array>()
    const store = memoryMapStore(objects)
    await createMapWriter(store).add([carOf('a', all)])
    const name = [...objects.keys()].find(name => name.endsWith('.rows')) ?? ''
    objects.set(name, (objects.get(name) ?? new Uint8Array()).slice(0, -30))
    await expect(mapIndex(store).locate([all[0].multihash])).to.eventually.be.rejected()
    objects.delete(name)
    await expect(mapIndex(store, { complete: true }).locate([all[0].multihash])).to.eventually.be.rejected.with.property('name', 'ObjectMissingError')
  })
})

describe('a folder with a map', () => {
  it('is not changed by a writer that cannot get the lock', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kitsune-map-'))

    try {
      const store = folderMapStore({ folder })
      const all = await blocks(4)
      await createMapWriter(store).add([carOf('a', all.slice(0, 2))])
      await writeFile(join(folder, 'map', 'root.lock'), '')
      await expect(createMapWriter(store, { attempts: 2 }).add([carOf('b', all.slice(2))])).to.eventually.be.rejectedWith('another writer')

      await rm(join(folder, 'map', 'root.lock'))
      expect(await createMapWriter(store).list()).to.deep.equal(['a'])
      expect((await readdir(join(folder, 'map'))).some(name => name.endsWith('.tmp'))).to.equal(false)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('has no writer that leads out of it', async () => {
    const store = folderMapStore({ folder: join(tmpdir(), 'kitsune-map-none') })
    await expect(store.put('../x', new Uint8Array())).to.eventually.be.rejected.with.property('name', 'InvalidNameError')
    await expect(store.remove('../x')).to.eventually.be.rejected.with.property('name', 'InvalidNameError')
    await expect(store.put('a.lock', new Uint8Array())).to.eventually.be.rejected.with.property('name', 'InvalidNameError')
  })
})
