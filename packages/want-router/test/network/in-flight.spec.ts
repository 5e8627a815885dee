import { expect } from 'aegir/chai'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createInFlightBudget } from '../../src/network/in-flight.ts'
import type { InFlightBudget } from '../../src/network/in-flight.ts'
import type { SentFrame } from '../../src/network/sent-frame.ts'

const limits = { ...DEFAULT_NETWORK_LIMITS, inFlightBytes: 10_000, inFlightTotal: 25_000, inFlightTime: 1_000 }

function frame (length: number, at = 0): SentFrame {
  return { chunks: [], length, protocol: '/ipfs/bitswap/1.2.0', resends: 0, at, end: 0 }
}

describe('network/in-flight', () => {
  let budget: InFlightBudget

  beforeEach(() => {
    budget = createInFlightBudget(limits)
  })

  it('keeps the newest frames that one stream may have in flight', () => {
    const stream = budget.open()

    for (let i = 1; i <= 20; i++) {
      stream.add(frame(1_000 + i))
    }

    expect(stream.frames().map(({ length }) => length)).to.deep.equal([12, 13, 14, 15, 16, 17, 18, 19, 20].map(i => 1_000 + i).slice(0))
    expect(budget.bytes).to.be.at.most(limits.inFlightBytes)
  })

  it('keeps no more for all of them than it may', () => {
    const streams = Array.from({ length: 10 }, () => budget.open())

    for (const stream of streams) {
      for (let i = 0; i < 10; i++) {
        stream.add(frame(1_024))
        expect(budget.bytes).to.be.at.most(limits.inFlightTotal)
      }
    }

    expect(budget.bytes).to.be.above(limits.inFlightTotal / 2)
    streams.forEach(stream => { stream.clear() })
    expect(budget.bytes).to.equal(0)
  })

  it('counts small messages with the memory that they cost', () => {
    const stream = budget.open()

    for (let i = 0; i < 1_000; i++) {
      stream.add(frame(3))
    }

    expect(stream.frames().length).to.be.at.most(10)
  })

  it('forgets what is old', () => {
    const stream = budget.open()
    stream.add(frame(2_000, 0))
    stream.add(frame(3_000, 500))
    stream.expire(1_000)
    expect(stream.frames()).to.have.lengthOf(2)
    stream.expire(1_001)
    expect(stream.frames().map(({ length }) => length)).to.deep.equal([3_000])
    stream.expire(1_501)
    expect(stream.empty).to.equal(true)
    expect(budget.bytes).to.equal(0)
  })
})
