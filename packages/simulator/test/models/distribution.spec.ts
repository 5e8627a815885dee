import { seededRandom } from '@kitsune/want-router/testing'
import { expect } from 'aegir/chai'
import { createSampler } from '../../src/models/distribution.ts'
import type { Distribution } from '../../src/scenario/schema.ts'

const N = 100_000

function sample (distribution: Distribution): number[] {
  const random = seededRandom(7)
  const next = createSampler(distribution)

  return Array.from({ length: N }, () => next(random)).sort((a, b) => a - b)
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const median = (values: number[]): number => values[values.length / 2]

describe('distributions', () => {
  it('a number is constant', () => {
    expect(new Set(sample(3))).to.deep.equal(new Set([3]))
  })

  it('uniform', () => {
    const values = sample({ kind: 'uniform', from: 10, to: 20 })
    expect(values[0]).to.be.within(10, 10.01)
    expect(values[N - 1]).to.be.within(19.99, 20)
    expect(mean(values)).to.be.closeTo(15, 0.05)
  })

  it('exponential: the given mean, and a median of ln 2 of it', () => {
    const values = sample({ kind: 'exponential', mean: 10 })
    expect(mean(values)).to.be.closeTo(10, 0.15)
    expect(median(values)).to.be.closeTo(10 * Math.log(2), 0.15)
  })

  it('lognormal: the given median, and the 97.7th percentile two sigmas above', () => {
    const values = sample({ kind: 'lognormal', median: 10, sigma: 0.5 })
    expect(median(values)).to.be.closeTo(10, 0.1)
    expect(values[Math.floor(0.97725 * N)]).to.be.closeTo(10 * Math.E, 0.4)
  })

  it('mixtures by shares, which need not add up to 1', () => {
    const values = sample({ kind: 'mixture', parts: [{ share: 3, of: 1 }, { share: 1, of: { kind: 'uniform', from: 5, to: 6 } }] })
    expect(values.filter(value => value === 1).length / N).to.be.closeTo(0.75, 0.01)
    expect(values[N - 1]).to.be.within(5.9, 6)
  })
})
