import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { createHistogram } from '../../src/metrics/histogram.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

describe('histogram', () => {
  it('has no quantiles and no mean while it is empty', () => {
    const { count, mean, max, quantile } = createHistogram()
    expect({ count, mean, max, median: quantile(0.5) }).to.deep.equal({ count: 0, mean: undefined, max: undefined, median: undefined })
  })

  it('gives every quantile within half a percent', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 200 })

    fc.assert(fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const all = createHistogram()

      for (const value of values) {
        all.add(value)
      }

      const sorted = values.toSorted((a, b) => a - b)
      const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]

      expect(all.quantile(q)).to.be.closeTo(exact, exact * 0.00501 + 0.001)
      expect(all.max).to.equal(sorted[sorted.length - 1])
      expect(all.count).to.equal(values.length)
    }), { seed: SEED })
  })

  it('counts 0, and durations beyond its last bin', () => {
    const all = createHistogram()
    all.add(0)
    expect(all.quantile(0.5)).to.equal(0)
    all.add(1e12)
    expect(all.max).to.equal(1e12)
    expect(all.quantile(1)).to.be.at.most(1e12)
  })
})
