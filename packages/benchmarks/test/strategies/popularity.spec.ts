import { expect } from 'aegir/chai'
import { sequence } from '../../src/strategies/popularity.ts'

describe('strategies/popularity', () => {
  it('asks for each block once, in an order that depends on the seed alone', () => {
    const all = sequence('once', 100, 100, 'a')

    expect([...all].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 100 }, (_, i) => i))
    expect(sequence('once', 100, 100, 'a')).to.deep.equal(all)
    expect(sequence('once', 100, 100, 'b')).to.not.deep.equal(all)
    expect(() => sequence('once', 100, 101, 'a')).to.throw(RangeError)
  })

  it('asks for blocks as Zipf\'s law says', () => {
    const length = 100_000
    const counts = new Array(1_000).fill(0)
    sequence('zipf', counts.length, length, 'a').forEach(i => { counts[i]++ })
    const harmonic = counts.reduce((sum, _, i) => sum + 1 / (i + 1), 0)

    for (const i of [0, 1, 2, 9, 99]) {
      const expected = length / (i + 1) / harmonic

      // four standard deviations of a count
      expect(counts[i]).to.be.closeTo(expected, 4 * Math.sqrt(expected))
    }

    expect(counts.at(-1)).to.be.above(0)
  })
})
