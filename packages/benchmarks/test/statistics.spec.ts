import { expect } from 'aegir/chai'
import { median, medianRatio } from '../src/statistics.ts'

describe('statistics', () => {
  it('takes the middle value, or the mean of the two middle ones', () => {
    expect(median([9, 1, 5])).to.equal(5)
    expect(median([4, 1, 3, 100])).to.equal(3.5)
    expect(() => median([])).to.throw(RangeError)
  })

  it('leaves its argument in order', () => {
    const values = [3, 1, 2]
    median(values)
    expect(values).to.deep.equal([3, 1, 2])
  })

  it('takes the median of ratios, so that a slow moment which met a whole pair cancels out', () => {
    // the ratio of medians would be 20 / 20
    expect(medianRatio([20, 2, 40], [10, 1, 20])).to.equal(2)
    expect(() => medianRatio([1], [1, 2])).to.throw(RangeError)
  })
})
