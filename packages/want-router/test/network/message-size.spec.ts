import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { defaultNetworkLimits } from '../../src/network/defaults.ts'
import { messageSize } from '../../src/network/message-size.ts'

const KIB = 1024

describe('network/message-size', () => {
  it('begins at 16 KiB, as boxo packs', () => {
    expect(messageSize(defaultNetworkLimits).bytes).to.equal(16 * KIB)
  })

  it('doubles to 1 MiB while messages leave at once', () => {
    const size = messageSize(defaultNetworkLimits)
    const seen = []

    for (let i = 0; i < 8; i++) {
      size.left(size.bytes, 1)
      seen.push(size.bytes / KIB)
    }

    expect(seen).to.deep.equal([32, 64, 128, 256, 512, 1024, 1024, 1024])
  })

  it('halves when a message takes more than a second', () => {
    const size = messageSize(defaultNetworkLimits)
    size.left(size.bytes, 1)
    size.left(size.bytes, 1)
    size.left(size.bytes, 1_001)
    expect(size.bytes).to.equal(32 * KIB)
  })

  it('stays as it is in between', () => {
    const size = messageSize(defaultNetworkLimits)
    size.left(size.bytes, 500)
    expect(size.bytes).to.equal(16 * KIB)
  })

  it('learns nothing from short messages, which leave at once on any link', () => {
    const size = messageSize(defaultNetworkLimits)
    size.left(100, 0)
    expect(size.bytes).to.equal(16 * KIB)
  })

  it('never leaves its bounds', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat(4_000_000), fc.nat(20_000))), messages => {
      const size = messageSize(defaultNetworkLimits)

      for (const [length, ms] of messages) {
        size.left(length, ms)
        expect(size.bytes).to.be.within(defaultNetworkLimits.minMessageSize, defaultNetworkLimits.maxMessageSize)
      }
    }))
  })
})
