import { expect } from 'aegir/chai'
import { DEFAULT_HOST_LIMITS, resolveLimits } from '../src/limits.ts'

describe('limits', () => {
  it('are the defaults, except for those that are given', () => {
    expect(resolveLimits()).to.deep.equal(DEFAULT_HOST_LIMITS)
    expect(resolveLimits({ pending: 3, newPerSecond: undefined })).to.deep.equal({ ...DEFAULT_HOST_LIMITS, pending: 3 })
  })

  it('are refused with a sentence if they are invalid', () => {
    for (const value of [0, -1, 1.5, NaN, Infinity, '3' as unknown as number]) {
      expect(() => resolveLimits({ maxConnections: value })).to.throw(`limits.maxConnections must be a whole number above 0, not ${value}`)
        .with.property('name', 'InvalidOptionError')
    }

    expect(() => resolveLimits({ maxConnection: 1 } as unknown as object)).to.throw('limits.maxConnection does not exist: there are maxConnections, newPerSecond,')
    expect(() => resolveLimits({ pingInterval: 26_000 })).to.throw('limits.silence must be more than limits.pingInterval, 26000 ms, not 26000')
  })
})
