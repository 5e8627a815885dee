import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { createRecentKeys } from '../../src/engine/recent-keys.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

const SIZE = 16

describe('engine/recent-keys', () => {
  it('has the last hashes, and none that was never added', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 2, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 200 }), hashes => {
      const recent = createRecentKeys(SIZE)
      const added = hashes.slice(1)

      for (const hash of added) {
        recent.add(hash)
      }

      for (const hash of added.slice(-SIZE)) {
        expect(recent.has(hash)).to.equal(true)
      }

      expect(recent.has(hashes[0])).to.equal(false)
    }), { seed: SEED })
  })

  it('takes a hash of 0', () => {
    const recent = createRecentKeys(SIZE)
    expect(recent.has(0)).to.equal(false)
    recent.add(0)
    expect(recent.has(0)).to.equal(true)
  })

  it('forgets what was added before twice as many others', () => {
    const recent = createRecentKeys(SIZE)

    for (let hash = 1; hash <= 2 * SIZE + 1; hash++) {
      recent.add(hash * 0x9e3779b1)
    }

    expect(recent.has(0x9e3779b1)).to.equal(false)
  })

  it('counts a key once however often it is added', () => {
    const recent = createRecentKeys(SIZE)
    recent.add(7)

    for (let i = 0; i < 10 * SIZE; i++) {
      recent.add(8)
    }

    expect(recent.has(7)).to.equal(true)
  })
})
