import { createHash } from 'node:crypto'
import { expect } from 'aegir/chai'
import { mapIndex } from '../../src/map/map-index.ts'
import { createMapWriter } from '../../src/map/map-writer.ts'
import { memoryMapStore } from '../../src/map/memory-map-store.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { blocks, sectionOffsets } from '../fixtures/cars.ts'
import { goFixture, readCar } from '../fixtures/original-tools.ts'
import { carOf, madeUp } from './fixtures.ts'

/** Reads a file front to back, according to the documentation of the format and without the code in src. */
class Reader {
  at = 0
  readonly bytes: Buffer

  constructor (bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes)
  }

  take (length: number): Buffer {
    this.at += length

    return this.bytes.subarray(this.at - length, this.at)
  }

  u32 (): number { return this.take(4).readUInt32LE() }
  u16 (): number { return this.take(2).readUInt16LE() }
  u48 (): number { return this.take(6).readUIntLE(0, 6) }
}

interface Shard { id: string, rows: number, cars: number[], fences: string[], filter: Buffer, seed: Buffer }

function readRoot (bytes: Uint8Array): { cars: Array<[name: string, removed: number]>, shards: Shard[] } {
  const root = new Reader(bytes)
  expect(root.take(8).toString('latin1')).to.equal('KITROOT\x02')
  const carCount = root.u32()
  const shardCount = root.u32()
  const cars = Array.from({ length: carCount }, (): [string, number] => {
    const [removed] = root.take(1)

    return [root.take(root.u16()).toString(), removed]
  })
  const shards = Array.from({ length: shardCount }, () => {
    const id = root.take(16).toString('hex')
    const rows = root.u32()
    const seed = root.take(8)
    const places = Array.from({ length: root.u32() }, () => root.u32())
    const fences = Array.from({ length: Math.ceil(rows / 1024) }, () => root.take(4).reverse().toString('hex'))

    return { id, rows, seed, cars: places, fences, filter: root.take(Math.max(8, rows * 2)) }
  })
  expect(root.take(32)).to.deep.equal(createHash('sha256').update(bytes.subarray(0, -32)).digest())
  expect(root.at).to.equal(bytes.length)

  return { cars, shards }
}

function readShard (bytes: Uint8Array): Array<{ digest: string, code: number, car: number, offset: number, length: number }> {
  const shard = new Reader(bytes)
  expect(shard.take(8).toString('latin1')).to.equal('KITROWS\x01')
  const rows = shard.u32()
  shard.u32()
  expect(Number(shard.take(8).readBigUInt64LE())).to.be.within(Date.now() - 600_000, Date.now())
  const all = Array.from({ length: rows }, () => {
    return { digest: shard.take(32).toString('hex'), code: shard.take(4).readUInt32BE(), car: shard.u32(), offset: shard.u48(), length: shard.u32() }
  })
  expect(shard.at).to.equal(bytes.length)

  return all
}

describe('the format of a block map', () => {
  it('is as documented', async () => {
    const objects = new Map<string, Uint8Array>()
    const writer = createMapWriter(memoryMapStore(objects))
    const all = await blocks(5)
    await writer.add([carOf('a/ä.car', all), carOf('b.car', all.slice(3))])
    await writer.remove(['b.car'])
    const { cars, shards } = readRoot(objects.get('map/root') ?? new Uint8Array())

    expect(cars).to.deep.equal([['a/ä.car', 0], ['b.car', 1]])
    expect(shards).to.have.lengthOf(1)
    expect(shards[0]).to.deep.include({ rows: 7, cars: [0, 1] })
    expect([...objects.keys()].sort()).to.deep.equal([`map/${shards[0].id}.rows`, 'map/root'].sort())
    const bytes = objects.get(`map/${shards[0].id}.rows`) ?? new Uint8Array()
    expect(shards[0].id).to.equal(createHash('sha256').update(bytes).digest('hex').slice(0, 32))

    const offsets = sectionOffsets(all)
    const rows = [...all.map((one, i) => ({ one, car: 0, offset: offsets[i] + 38 })), ...all.slice(3).map((one, i) => ({ one, car: 1, offset: offsets[i] + 38 }))]
      .map(({ one, car, offset }) => ({ digest: Buffer.from(one.cid.multihash.digest).toString('hex'), code: 0x12, car, offset, length: 100 }))
      .sort((a, b) => a.digest < b.digest || (a.digest === b.digest && a.car < b.car) ? -1 : 1)
    expect(readShard(bytes)).to.deep.equal(rows)
    expect(shards[0].fences).to.deep.equal([rows[0].digest.slice(0, 8)])
  })

  it('has a key for each hash function and length', async () => {
    const objects = new Map<string, Uint8Array>()
    const all = await readCar(await goFixture('v1.car'))
    await createMapWriter(memoryMapStore(objects)).add([carOf('a', all)])
    const { shards: [{ id }] } = readRoot(objects.get('map/root') ?? new Uint8Array())
    const keys = readShard(objects.get(`map/${id}.rows`) ?? new Uint8Array()).map(({ digest, code }) => `${digest} ${code}`)

    const expected = all.filter(({ cid }) => cid.multihash.code !== 0).map(({ cid: { multihash }, multihash: bytes }) => multihash.digest.length === 32
      ? `${Buffer.from(multihash.digest).toString('hex')} ${multihash.code}`
      : `${createHash('sha256').update(bytes).digest('hex')} ${multihash.code + 2 ** 31}`)
    expect(keys).to.deep.equal([...new Set(expected)].sort())
  })

  for (const [version, age, advice] of [[1, 'older', 'add the CARs again'], [3, 'newer', 'update @kitsune/block-source']] as const) {
    it(`is refused with a FormatVersionError if a root has version ${version}`, async () => {
      const objects = new Map<string, Uint8Array>()
      const all = await blocks(2)
      await createMapWriter(memoryMapStore(objects)).add([carOf('a', all)])
      const root = objects.get('map/root') ?? new Uint8Array()
      root[7] = version
      root.set(createHash('sha256').update(root.subarray(0, -32)).digest(), root.length - 32)

      for (const use of [
        async () => mapIndex(memoryStore({ objects })).locate([all[0].cid.multihash.bytes]),
        async () => createMapWriter(memoryMapStore(objects)).list(),
        async () => createMapWriter(memoryMapStore(objects)).add([carOf('b', all)])
      ]) {
        const error = await use().then(() => {}, (err: Error) => err)
        expect(error).to.have.property('name', 'FormatVersionError')
        expect(error?.message).to.include(`map/root was written by a${age === 'older' ? 'n' : ''} ${age} version`).and.to.include(advice)
      }

      expect(objects.get('map/root')).to.equal(root)
    })
  }

  it('has the first key of each page in the root', async () => {
    const objects = new Map<string, Uint8Array>()
    await createMapWriter(memoryMapStore(objects)).add([madeUp('a', 0, 5000)])
    const { shards: [{ id, fences }] } = readRoot(objects.get('map/root') ?? new Uint8Array())
    const rows = readShard(objects.get(`map/${id}.rows`) ?? new Uint8Array())

    expect(fences).to.deep.equal([0, 1024, 2048, 3072, 4096].map(row => rows[row].digest.slice(0, 8)))
  })
})
