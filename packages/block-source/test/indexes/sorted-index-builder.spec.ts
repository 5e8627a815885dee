import { expect } from 'aegir/chai'
import { scanCar } from '../../src/car/scanner.ts'
import { SortedIndexBuilder } from '../../src/indexes/sorted-index-builder.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { blocks, identity } from '../fixtures/cars.ts'
import { cardexIndex, cardexRows, goFixture, writeCar } from '../fixtures/original-tools.ts'

async function built (car: Uint8Array): Promise<Uint8Array> {
  const builder = new SortedIndexBuilder()

  for await (const sections of scanCar(memoryStore({ objects: new Map([['a.car', car]]) }), 'a.car')) {
    for (const { multihash, offset } of sections) {
      builder.add(multihash, offset)
    }
  }

  return builder.build()
}

describe('an index 0x0401 that is built', () => {
  it('has the rows that go-car writes except identities, of several hash functions and lengths, as cardex reads them', async () => {
    const rowsOf = async (index: Uint8Array): Promise<string[]> => (await cardexRows(index))
      .filter(({ multihash }) => multihash?.bytes[0] !== 0)
      .map(({ multihash, offset }) => `${multihash?.bytes.join()} ${offset}`)
    const expected = await rowsOf(await goFixture('v1-0401.car.idx'))
    const rows = await rowsOf(await built(await goFixture('v1.car')))

    expect(rows).to.have.length.above(20)
    // go-car has rows of one digest in any order
    expect(rows.sort()).to.deep.equal(expected.sort())
  })

  it('is what cardex writes, byte by byte: more rows than fit at first', async () => {
    const car = await writeCar(await blocks(300, 50))
    expect(await built(car)).to.deep.equal(await cardexIndex(car, '0x0401'))
  })

  it('has two rows for a block that is in the CAR twice, and none for an identity', async () => {
    const [one] = await blocks(1)
    const builder = new SortedIndexBuilder()
    builder.add(one.multihash, 2 ** 40)
    builder.add(identity('x').multihash, 5)
    builder.add(one.multihash, 3)

    expect(builder.rows).to.equal(2)
    const bytes = builder.build()
    expect(bytes.byteLength).to.equal(2 + 4 + 12 + 12 + 2 * 40)
    expect(new DataView(bytes.buffer).getBigUint64(30 + 32, true)).to.equal(3n)
    expect(new DataView(bytes.buffer).getBigUint64(70 + 32, true)).to.equal(2n ** 40n)
  })
})
