import { expect } from 'aegir/chai'
import { BloomFilter, FALSE_POSITIVE_RATE } from '../../src/have-map/bloom-filter.ts'
import { KeyHash } from '../../src/have-map/key-hash.ts'

const hash = new KeyHash(0x5eed)
const key = (n: number): string => `\x12\x20${n.toString().padStart(32, 'k')}`

function fill (keys: number, maxBytes: number): BloomFilter {
  const filter = new BloomFilter(maxBytes)

  for (let i = 0; i < keys; i++) {
    filter.add(hash.of(key(i)))
  }

  return filter
}

/** The share of keys that are found although they were not added. */
function rateOf (filter: BloomFilter, others = 50_000): number {
  let found = 0

  for (let i = 0; i < others; i++) {
    found += filter.has(hash.of(key(-1 - i))) ? 1 : 0
  }

  return found / others
}

describe('a Bloom filter', () => {
  for (const [keys, maxBytes] of [[10, 1 << 20], [20_000, 1 << 20], [50_000, 1 << 16]] as const) {
    it(`has each of ${keys} keys within ${maxBytes} bytes, and has the false positive rate that it reports`, () => {
      const filter = fill(keys, maxBytes)
      const missing = (): number[] => Array.from({ length: keys }, (_, i) => i).filter(i => !filter.has(hash.of(key(i))))
      expect(missing()).to.deep.equal([])
      filter.fold()
      expect(missing()).to.deep.equal([])
      expect(filter.keys).to.be.within(keys * 0.98, keys)
      expect(filter.falsePositiveRate).to.be.at.most(FALSE_POSITIVE_RATE)
      expect(rateOf(filter)).to.be.closeTo(filter.falsePositiveRate, 0.001 + filter.falsePositiveRate / 4)
    })
  }

  it('is folded to the size that its keys need, and keeps its rate with as many keys again', () => {
    const filter = fill(20_000, 8 << 20)
    filter.fold()
    expect(filter.bytes).to.be.at.most(20_000 * 2 * 10 * 2 / 8)
    expect(filter.capacity).to.be.at.least(40_000)

    for (let i = 20_000; i < filter.capacity; i++) {
      filter.add(hash.of(key(i)))
    }

    expect(filter.falsePositiveRate).to.be.at.most(FALSE_POSITIVE_RATE)
    expect(rateOf(filter)).to.be.below(FALSE_POSITIVE_RATE * 1.25)
  })

  it('never grows beyond its bound, and reports the rate that this costs', () => {
    const filter = fill(100_000, 70_000)
    filter.fold()
    expect(filter.bytes).to.equal(1 << 16)
    expect(filter.falsePositiveRate).to.be.above(FALSE_POSITIVE_RATE)
    expect(rateOf(filter)).to.be.closeTo(filter.falsePositiveRate, 0.02)
  })

  it('counts a key once', () => {
    const filter = fill(1000, 1 << 16)

    for (let i = 0; i < 1000; i++) {
      filter.add(hash.of(key(i)))
    }

    expect(filter.keys).to.be.within(999, 1000)
  })
})
