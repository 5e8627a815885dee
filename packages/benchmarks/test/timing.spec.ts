import { expect } from 'aegir/chai'
import { timings } from '../src/timing.ts'

describe('timing', () => {
  it('gives microseconds for each function, and takes turns between them', () => {
    const calls: string[] = []

    const busy = (name: string): number => {
      if (calls.at(-1) !== name) {
        calls.push(name)
      }

      let sum = 0

      for (let i = 0; i < 1_000; i++) {
        sum += Math.sqrt(i)
      }

      return sum
    }

    const { a, b } = timings({ a: () => busy('a'), b: () => busy('b') }, { samples: 3, sampleTime: 30 })

    expect(a).to.be.above(0)
    expect(b).to.be.above(0)
    // one turn each to find out how many calls make a sample, then three samples
    expect(calls.join('')).to.equal('abababab')
  })
})
