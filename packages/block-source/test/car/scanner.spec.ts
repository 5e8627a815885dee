import { expect } from 'aegir/chai'
import { CarScanner, scanCar } from '../../src/car/scanner.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { block, blocks, carV1, carV2, concat, HEADER, hex, identity, mhIndex, section, varint } from '../fixtures/cars.ts'
import { failsCheaply } from '../fixtures/cost.ts'
import { counted } from '../fixtures/counted.ts'
import type { ScanInit } from '../../src/car/scanner.ts'
import type { Section } from '../../src/car/section.ts'
import type { TestBlock } from '../fixtures/cars.ts'
import type { CountedStore } from '../fixtures/counted.ts'

function storeOf (car: Uint8Array): CountedStore {
  return counted(memoryStore({ objects: new Map([['a.car', car]]) }))
}

async function gather<T> (source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []

  for await (const item of source) {
    items.push(item)
  }

  return items
}

async function scan (car: Uint8Array, init?: ScanInit): Promise<Section[]> {
  return (await gather(scanCar(storeOf(car), 'a.car', init))).flat()
}

/** The CIDs and bytes of sections, so that they can be compared with blocks. */
function found (car: Uint8Array, sections: Section[]): Array<{ cid: Uint8Array, multihash: Uint8Array, bytes: Uint8Array }> {
  return sections.map(({ cid, multihash, blockOffset, blockLength }) => ({ cid, multihash, bytes: car.slice(blockOffset, blockOffset + blockLength) }))
}

function expected (all: readonly TestBlock[]): unknown {
  return all.map(({ cid, multihash, bytes }) => ({ cid: cid.bytes, multihash, bytes }))
}

describe('scanning a CAR', () => {
  it('finds each section and its position', async () => {
    const all = [...await blocks(3), await block(''), await block('dag-pb', 0x70), identity('in the CID'), await block('last')]
    const car = carV1(all)

    expect(found(car, await scan(car))).to.deep.equal(expected(all))
  })

  it('reads CIDs of version 0', async () => {
    const v0 = await block('version 0', 0x70)
    const car = carV1([{ ...v0, cid: v0.cid.toV0() }])
    const [one] = await scan(car)

    expect(one.cid).to.deep.equal(v0.multihash)
    expect(one.multihash).to.deep.equal(v0.multihash)
    expect(one.blockLength).to.equal(9)
  })

  it('reads the roots', async () => {
    const { cid } = await block('root')
    const link = concat(hex('d82a 5825 00'), cid.bytes)
    const header = concat(hex('a2 65726f6f7473 82'), link, link, hex('67 76657273696f6e 01'))
    const scanner = new CarScanner(storeOf(concat(varint(header.length), header)), 'a.car')
    await scanner.step()

    expect(scanner.header?.roots.map(String)).to.deep.equal([`${cid}`, `${cid}`])
    expect(scanner.done).to.equal(true)
  })

  it('reads a CAR whose header has no roots', async () => {
    const all = await blocks(1)
    const car = concat(hex('0a a1 67 76657273696f6e 01'), section(all[0]))

    expect(found(car, await scan(car))).to.deep.equal(expected(all))
  })

  it('continues after the end of a range at any position', async () => {
    const all = await blocks(400, 57)
    const car = carV1(all)

    for (const readLength of [4112, 4113, 5000, 8191]) {
      expect(found(car, await scan(car, { readLength }))).to.deep.equal(expected(all))
    }
  })

  it('skips the rest of a block that is longer than a range', async () => {
    const all = await blocks(20, 1 << 20)
    const store = storeOf(carV1(all))

    for await (const some of scanCar(store, 'a.car', { readLength: 65536 })) {
      expect(some.length).to.be.at.most(1)
    }

    expect(store.reads).to.have.lengthOf(20)
    expect(store.bytes).to.be.below(20 * 65537)
  })

  it('resumes after a failed read and after an aborted one', async () => {
    const all = await blocks(100, 1000)
    const car = carV1(all)
    const store = storeOf(car)
    const scanner = new CarScanner(store, 'a.car', { readLength: 8192 })
    const sections: Section[] = []
    const failure = new Error('503')
    const controller = new AbortController()
    controller.abort(new Error('gone'))
    store.fault = () => store.reads.length % 4 === 0 ? failure : undefined

    while (!scanner.done) {
      const before = scanner.position
      await expect(scanner.step(controller.signal)).to.eventually.be.rejectedWith(/gone|503/)
      expect(scanner.position).to.equal(before)
      await scanner.step().then(some => sections.push(...some), err => { expect(err).to.equal(failure) })
    }

    expect(found(car, sections)).to.deep.equal(expected(all))
  })

  it('reads further ranges only from the version with which it began', async () => {
    const objects = new Map([['a.car', carV1(await blocks(100, 1000))]])
    const scanner = new CarScanner(memoryStore({ objects }), 'a.car', { readLength: 8192 })
    await scanner.step()
    objects.set('a.car', carV1(await blocks(90, 1001)))

    await expect(scanner.step()).to.eventually.be.rejected.with.property('name', 'ObjectChangedError')
  })

  it('fails if the object does not exist', async () => {
    await expect(new CarScanner(storeOf(HEADER), 'b.car').step()).to.eventually.be.rejected.with.property('name', 'ObjectMissingError')
  })
})

describe('scanning a CAR with padding', () => {
  it('ends at zeros, if there are only zeros up to the end', async () => {
    const all = await blocks(3)

    for (const zeros of [1, 1000, 1 << 20]) {
      const car = concat(carV1(all), new Uint8Array(zeros))
      expect(found(car, await scan(car))).to.deep.equal(expected(all))
    }
  })

  it('fails at zeros before a section, after it has found the sections before them', async () => {
    const [one, two] = await blocks(2)
    const car = concat(carV1([one]), new Uint8Array(100_000), section(two))
    const scanner = new CarScanner(storeOf(car), 'a.car')

    expect(found(car, await scanner.step())).to.deep.equal(expected([one]))
    await expect((async () => { while (!scanner.done) { await scanner.step() } })()).to.eventually.be.rejected
      .with.property('offset', carV1([one]).length)
  })

  it('fails permanently', async () => {
    const [one, two] = await blocks(2)
    const store = storeOf(concat(carV1([one]), new Uint8Array(1), section(two)))
    const scanner = new CarScanner(store, 'a.car')
    await scanner.step()

    await expect(scanner.step()).to.eventually.be.rejected.with.property('name', 'MalformedCarError')
    await expect(scanner.step()).to.eventually.be.rejected.with.property('name', 'MalformedCarError')
    expect(scanner.done).to.equal(false)
    expect(store.reads).to.have.lengthOf(1)
  })
})

describe('scanning a CARv2', () => {
  it('reads the payload, and not the index after it', async () => {
    const all = await blocks(3)
    const car = carV2({ payload: carV1(all), index: mhIndex([]) })

    expect(found(car, await scan(car))).to.deep.equal(expected(all))
  })

  it('reads a payload after padding that is longer than a range', async () => {
    const all = await blocks(3)

    for (const dataOffset of [4096, 65535, 65536, 70_000]) {
      const car = carV2({ payload: carV1(all), dataOffset })
      expect(found(car, await scan(car))).to.deep.equal(expected(all))
    }
  })

  it('reads an unfinalized file to its end', async () => {
    const all = await blocks(3)
    const zeroSize = carV2({ payload: carV1(all), dataSize: 0 })
    const zeroHeader = concat(zeroSize.subarray(0, 11), new Uint8Array(40), carV1(all))

    expect(found(zeroSize, await scan(zeroSize))).to.deep.equal(expected(all))
    expect(found(zeroHeader, await scan(zeroHeader))).to.deep.equal(expected(all))
  })

  it('fails at the last section of an unfinalized file if that section is incomplete', async () => {
    const all = await blocks(3)
    const car = carV2({ payload: carV1(all).slice(0, -1), dataSize: 0 })
    const scanner = new CarScanner(storeOf(car), 'a.car')

    expect(await scanner.step()).to.have.lengthOf(2)
    await expect(scanner.step()).to.eventually.be.rejectedWith('goes beyond the end')
  })

  it('ignores the position of the index', async () => {
    const all = await blocks(3)
    const car = carV2({ payload: carV1(all), indexOffset: 2 ** 40 })

    expect(found(car, await scan(car))).to.deep.equal(expected(all))
  })

  it('fails at the end of an object that ends before its payload, even between sections', async () => {
    const all = await blocks(3)
    const payload = carV1(all)
    const scanner = new CarScanner(storeOf(carV2({ payload, dataSize: payload.length + 10 })), 'a.car')

    expect(await scanner.step()).to.have.lengthOf(3)
    expect(scanner.done).to.equal(false)
    await expect(scanner.step()).to.eventually.be.rejected.with.property('offset', 51 + payload.length)
  })

  it('fails if the header places the payload inside the header, or beyond the end', async () => {
    for (const dataOffset of [1, 50, 500, 2 ** 52]) {
      const head = carV2({ payload: HEADER, dataOffset: 51 })
      new DataView(head.buffer).setBigUint64(27, BigInt(dataOffset), true)
      await expect(scan(head)).to.eventually.be.rejectedWith(`begins at ${dataOffset}`)
    }

    await expect(scan(carV2({ payload: HEADER }).slice(0, 50))).to.eventually.be.rejectedWith('within the header of a CARv2')
  })
})

describe('scanning a malformed CAR', () => {
  const files: Record<string, [bytes: Uint8Array, offset: number, reason: string]> = {
    'an empty object': [hex(''), 0, 'within the header'],
    'half a length': [hex('80'), 0, 'within the header'],
    'a header of 2^31 bytes': [hex('8080808008'), 0, 'goes beyond the end'],
    'a header of length 0': [hex('00'), 0, 'length 0'],
    'a header with 2^32 roots': [hex('18 a2 65726f6f7473 9b00000000ffffffff 67 76657273696f6e'), 17, 'goes beyond the end'],
    'a header whose roots never end': [hex('12 a2 65726f6f7473 9fff 67 76657273696f6e 01'), 9, 'indefinite length'],
    'a root of 2^32 bytes': [hex('17 a2 65726f6f7473 81 d82a 5affffffff 67 76657273696f6e'), 16, 'goes beyond the end'],
    'a root that is not a link': [hex('12 a2 65726f6f7473 8100 67 76657273696f6e 01'), 9, 'expected a CID'],
    'a header of version 42': [hex('0b a1 67 76657273696f6e 182a'), 12, 'version 42'],
    'a header without a version': [hex('08 a1 65726f6f7473 80'), 9, 'no version'],
    'a header with another field': [hex('04 a1 6161 01'), 4, 'a field other'],
    'bytes after the CBOR of the header': [hex('0b a1 67 76657273696f6e 01 00'), 11, 'after the CBOR'],
    'a text file': [new TextEncoder().encode('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'), 1, 'expected a map'],
    'a section of 2^40 bytes': [concat(HEADER, hex('808080808020')), 18, 'goes beyond the end'],
    'half a length of a section': [concat(HEADER, hex('8080')), 20, 'within a section'],
    'a digest of 4 GiB': [concat(HEADER, hex('26 01 55 12 ffffffff0f'), new Uint8Array(30)), 19, 'beyond its section'],
    'an endless varint': [concat(HEADER, hex('ffffffffffffffffffff01')), 18, 'not a varint'],
    'a length that is not minimal': [concat(HEADER, hex('8000')), 18, 'not a varint'],
    'a CID that is longer than its section': [concat(HEADER, hex('10 01551220'), new Uint8Array(32)), 19, 'beyond its section'],
    'a section that is shorter than any CID': [concat(HEADER, hex('01 12 20'), new Uint8Array(32)), 20, 'not a varint within its section'],
    'a CID of version 2': [concat(HEADER, hex('04 02550000')), 19, 'version 2'],
    'a CID of 2 KiB': [concat(HEADER, varint(2053), hex('015500 8010'), new Uint8Array(2048)), 20, 'longer than the limit'],
    'a section of 4 MiB + 1': [concat(HEADER, varint((4 << 20) + 1), hex('01551220'), new Uint8Array((4 << 20) - 3)), 18, 'longer than the limit'],
    'a block that ends early': [concat(HEADER, hex('26 015500 04'), new Uint8Array(10)), 18, 'goes beyond the end']
  }

  for (const [name, [bytes, offset, reason]] of Object.entries(files)) {
    it(`fails at ${name}`, async () => {
      const store = storeOf(bytes)
      const error = await failsCheaply(async () => gather(scanCar(store, 'a.car')))

      expect(error).to.have.property('name', 'MalformedCarError')
      expect(error.message).to.include(`a.car, offset ${offset}: `)
      expect(error.message).to.include(reason)
      expect(error).to.have.property('offset', offset)
    })
  }
})
