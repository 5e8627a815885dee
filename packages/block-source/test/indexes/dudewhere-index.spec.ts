import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { dudewhereIndex } from '../../src/indexes/dudewhere-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { block, blocks } from '../fixtures/cars.ts'
import { counted } from '../fixtures/counted.ts'
import { cardexIndex, writeCar } from '../fixtures/original-tools.ts'
import { readLocated } from '../fixtures/read-location.ts'
import type { BlockIndex } from '../../src/block-index.ts'
import type { SessionStore } from '../../src/indexes/sessions.ts'
import type { TestBlock } from '../fixtures/cars.ts'
import type { CountedStore } from '../fixtures/counted.ts'

// eslint-disable-next-line require-yield
async function * failing (): AsyncGenerator<string> {
  throw new Error('503')
}

interface Buckets {
  readonly dudewhere: CountedStore & { lists: string[] }
  readonly satnav: CountedStore
  readonly carpark: CountedStore
  readonly objects: Map<string, Uint8Array>
  /** Puts a CAR of these blocks, whose root is the first of all. Returns its name. */
  put (root: TestBlock, all: readonly TestBlock[]): Promise<string>
}

function bucketsOf (): Buckets {
  const roots = new Map<string, Uint8Array>()
  const objects = new Map<string, Uint8Array>()
  const lists: string[] = []
  const list = memoryStore({ objects: roots })

  return {
    dudewhere: {
      ...counted(list),
      lists,
      list (prefix, options) {
        lists.push(prefix)

        return list.list?.(prefix, options) ?? (async function * () {})()
      }
    },
    satnav: counted(memoryStore({ objects })),
    carpark: counted(memoryStore({ objects })),
    objects,
    async put (root, all) {
      const car = await writeCar(all)
      const cid = CID.createV1(0x0202, await sha256.digest(car)).toString()
      roots.set(`${root.cid.toV1()}/${cid}`, new Uint8Array())
      objects.set(`${cid}/${cid}.car`, car)
      objects.set(`${cid}/${cid}.car.idx`, await cardexIndex(car, '0x0401'))

      return `${cid}/${cid}.car`
    }
  }
}

async function read (buckets: Buckets, index: BlockIndex, { multihash }: TestBlock, session?: string): Promise<Uint8Array | undefined> {
  const [located] = await index.locate([multihash], { session })

  return readLocated(buckets.carpark, multihash, located)
}

describe('DUDEWHERE with SATNAV', () => {
  it('finds roots of each codec, in the CARs of their uploads', async () => {
    const buckets = bucketsOf()
    const index = dudewhereIndex({ ...buckets, carStore: buckets.carpark })

    for (const codec of [0x55, 0x70, 0x71]) {
      const root = await block(`root ${codec}`, codec)
      await buckets.put(root, [await block('other'), root])
      expect(await read(buckets, index, root)).to.deep.equal(root.bytes)
    }

    expect(index.complete).to.equal(false)
    expect(await index.locate([(await block('elsewhere')).multihash])).to.deep.equal([[]])
  })

  it('finds a root that lists several CARs, of which the last has it', async () => {
    const buckets = bucketsOf()
    const [root, ...all] = await blocks(30)
    await buckets.put(root, all.slice(0, 10))
    await buckets.put(root, all.slice(10, 20))
    await buckets.put(root, [...all.slice(20), root])

    expect(await read(buckets, dudewhereIndex({ ...buckets, carStore: buckets.carpark }), root)).to.deep.equal(root.bytes)
  })

  it('finds the blocks below a root for the client that asked for the root, and for no other', async () => {
    const buckets = bucketsOf()
    const [root, ...all] = await blocks(20)
    await buckets.put(root, [root, ...all.slice(0, 10)])
    await buckets.put(root, all.slice(10))
    const index = dudewhereIndex({ ...buckets, carStore: buckets.carpark })

    expect(await read(buckets, index, all[3], 'a')).to.equal(undefined)
    await read(buckets, index, root, 'a')
    expect(await read(buckets, index, all[3], 'a')).to.deep.equal(all[3].bytes)
    expect(await read(buckets, index, all[15], 'a')).to.deep.equal(all[15].bytes)
    expect(await read(buckets, index, all[15], 'b')).to.equal(undefined)
    expect(await read(buckets, index, all[15])).to.equal(undefined)
  })

  it('makes list requests for at most a few blocks of a lookup, and none for roots that it remembers', async () => {
    const buckets = bucketsOf()
    const index = dudewhereIndex({ ...buckets, maxListed: 2, codecs: [0x55, 0x70] })
    const multihashes = (await blocks(6)).map(({ multihash }) => multihash)

    for (const expected of [4, 4, 4, 0]) {
      expect(await index.locate(multihashes)).to.deep.equal([[], [], [], [], [], []])
      expect(buckets.dudewhere.lists.splice(0)).to.have.lengthOf(expected)
    }
  })

  it('makes list requests for a few blocks of a session at once, even if each has its own lookup, and for one more each second', async () => {
    const buckets = bucketsOf()
    let now = 1
    const index = dudewhereIndex({ ...buckets, maxListed: 2, codecs: [0x55, 0x70], now: () => now })
    const all = await blocks(20)
    let next = 0

    const lists = async (count: number, session: string): Promise<number> => {
      for (let i = 0; i < count; i++) {
        expect(await index.locate([all[next++].multihash], { session })).to.deep.equal([[]])
      }

      return buckets.dudewhere.lists.splice(0).length
    }

    expect(await lists(5, 'a')).to.equal(4)
    expect(await lists(1, 'b'), 'of another session').to.equal(2)
    now += 1_000
    expect(await lists(5, 'a'), 'a second later').to.equal(2)
    now += 60_000
    expect(await lists(5, 'a'), 'a minute later').to.equal(4)
  })

  it('asks for a root once in its time to live', async () => {
    const buckets = bucketsOf()
    let now = 1
    const index = dudewhereIndex({ ...buckets, carStore: buckets.carpark, codecs: [0x55], now: () => now })
    const root = await block('root')
    await Promise.all([1, 2, 3].map(async () => index.locate([root.multihash])))
    expect(buckets.dudewhere.lists).to.deep.equal([`${root.cid}/`])

    await buckets.put(root, [root])
    now += 59_000
    expect(await read(buckets, index, root)).to.equal(undefined)
    now += 2_000
    expect(await read(buckets, index, root)).to.deep.equal(root.bytes)
    expect(buckets.dudewhere.lists).to.have.lengthOf(2)
  })

  it('tries another CAR if an index is missing or malformed, and fails if there is no other', async () => {
    const buckets = bucketsOf()
    const root = await block('root')
    const first = await buckets.put(root, [root, await block('x')])
    const second = await buckets.put(root, [root])
    const index = (): BlockIndex => dudewhereIndex({ ...buckets, carStore: buckets.carpark })
    buckets.objects.set(`${first}.idx`, new Uint8Array(3))
    expect(await read(buckets, index(), root)).to.deep.equal(root.bytes)

    buckets.objects.delete(`${second}.idx`)
    await expect(read(buckets, index(), root)).to.eventually.be.rejected.with.property('name', 'MalformedIndexError')
  })

  it('fails if DUDEWHERE fails', async () => {
    const { satnav, dudewhere } = bucketsOf()
    const index = dudewhereIndex({ satnav, dudewhere: { ...dudewhere, list: failing } })
    const [{ multihash }] = await blocks(1)

    await expect(index.locate([multihash])).to.eventually.be.rejectedWith('503')
    expect(() => dudewhereIndex({ satnav, dudewhere: { ...dudewhere, list: undefined } })).to.throw('must be a store that can list')
  })

  it('finds the blocks that a client has been reading from another process, if sessions are stored; while their store fails, only those lookups fail', async () => {
    const buckets = bucketsOf()
    const [root, other, ...all] = await blocks(20)
    await buckets.put(root, [root, ...all])
    await buckets.put(other, [other])
    const values = new Map<string, readonly string[]>()
    let failing = false
    const sessions: SessionStore = {
      async get (session) {
        if (failing) {
          throw new Error('out of order')
        }

        return values.get(session)
      },
      async set (session, cars) { values.set(session, cars) }
    }
    const create = (): BlockIndex => dudewhereIndex({ ...buckets, carStore: buckets.carpark, sessions })
    await read(buckets, create(), root, 'a')
    expect(await read(buckets, create(), all[3], 'a')).to.deep.equal(all[3].bytes)
    expect(await read(buckets, create(), all[3], 'b')).to.equal(undefined)

    failing = true
    await expect(read(buckets, create(), all[3], 'a')).to.eventually.be.rejectedWith('out of order')
    expect(await read(buckets, create(), other, 'a')).to.deep.equal(other.bytes)
  })

  it('forgets sessions that have not been used for long, and the oldest CARs above the limit', async () => {
    const buckets = bucketsOf()
    let now = 1
    const index = dudewhereIndex({ ...buckets, carStore: buckets.carpark, maxCars: 2, now: () => now })
    const roots = await blocks(3, 10)
    const leaves = await blocks(3, 11)

    for (const [i, root] of roots.entries()) {
      await buckets.put(root, [root, leaves[i]])
      await read(buckets, index, root, 'a')
    }

    expect(await read(buckets, index, leaves[0], 'a')).to.equal(undefined)
    expect(await read(buckets, index, leaves[1], 'a')).to.deep.equal(leaves[1].bytes)
    now += 3_600_001
    expect(await read(buckets, index, leaves[1], 'a')).to.equal(undefined)
  })
})
