import { expect } from 'aegir/chai'
import { createAllowance } from '../src/allowance.ts'

describe('allowance', () => {
  it('lasts for its amount, and is refilled as time passes', () => {
    let time = 0
    const allowance = createAllowance(10, 2, () => time)

    const takes = (): number => {
      let count = 0

      while (allowance.take()) {
        count++
      }

      return count
    }

    expect(takes()).to.equal(20)
    expect(allowance.wait).to.equal(100)
    time += 250
    expect(takes()).to.equal(2)
    expect(allowance.wait).to.equal(50)
    time += 60_000
    expect(takes()).to.equal(20)
  })
})
