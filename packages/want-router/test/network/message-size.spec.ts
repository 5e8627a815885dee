import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createMessageSize } from '../../src/network/message-size.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

const KIB = 1024

describe('network/message-size', () => {
  it('begins at 16 KiB, as in boxo', () => {
    expect(createMessageSize(DEFAULT_NETWORK_LIMITS).bytes).to.equal(16 * KIB)
  })

  it('doubles to 1 MiB while messages leave at once', () => {
    const size = createMessageSize(DEFAULT_NETWORK_LIMITS)
    const seen = []

    for (let i = 0; i < 8; i++) {
      size.left(size.bytes, 1)
      seen.push(size.bytes / KIB)
    }

    expect(seen).to.deep.equal([32, 64, 128, 256, 512, 1024, 1024, 1024])
  })

  it('halves when a message takes more than a second', () => {
    const size = createMessageSize(DEFAULT_NETWORK_LIMITS)
    size.left(size.bytes, 1)
    size.left(size.bytes, 1)
    size.left(size.bytes, 1_001)
    expect(size.bytes).to.equal(32 * KIB)
  })

  it('stays as it is in between', () => {
    const size = createMessageSize(DEFAULT_NETWORK_LIMITS)
    size.left(size.bytes, 500)
    expect(size.bytes).to.equal(16 * KIB)
  })

  it('learns nothing from short messages, which leave at once on any link', () => {
    const size = createMessageSize(DEFAULT_NETWORK_LIMITS)
    size.left(100, 0)
    expect(size.bytes).to.equal(16 * KIB)
  })

  it('stays within its bounds', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(4_000_000), fc.nat(20_000))), messages => {
      const size = createMessageSize(DEFAULT_NETWORK_LIMITS)

      for (const [length, ms] of messages) {
        size.left(length, ms)
        expect(size.bytes).to.be.within(DEFAULT_NETWORK_LIMITS.minMessageSize, DEFAULT_NETWORK_LIMITS.maxMessageSize)
      }
    }), { seed: SEED })
  })
})
