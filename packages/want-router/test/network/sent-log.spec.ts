import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { defaultNetworkLimits } from '../../src/network/defaults.ts'
import { messageSize } from '../../src/network/message-size.ts'
import { sentLog } from '../../src/network/sent-log.ts'
import type { SentFrame, SentLog } from '../../src/network/sent-log.ts'

const KEEP = 3_000

function create (): SentLog {
  return sentLog(defaultNetworkLimits, messageSize(defaultNetworkLimits), 0)
}

function frame (length: number): SentFrame {
  return { message: {}, chunks: [], length, protocol: '/ipfs/bitswap/1.2.0', resends: 0, at: 0, end: 0 }
}

describe('network/sent-log', () => {
  it('keeps what has left for a while', () => {
    const log = create()
    log.add(frame(10), 0)
    log.settle(0, 0, KEEP)
    log.settle(0, KEEP, KEEP)
    expect(log.frames).to.have.lengthOf(1)
    log.settle(0, KEEP + 1, KEEP)
    expect(log.empty).to.equal(true)
  })

  it('keeps what has not left however long it takes', () => {
    const log = create()
    log.add(frame(10), 0)
    log.settle(1, 1_000_000, KEEP)
    expect(log.frames).to.have.lengthOf(1)
  })

  it('counts from when a message left, not from when it was handed over', () => {
    const log = create()
    log.add(frame(10), 0)
    log.settle(5, 60_000, KEEP)
    log.settle(0, 60_001, KEEP)
    expect(log.frames).to.have.lengthOf(1)
  })

  it('keeps the last message even if it is larger than all that may be kept', () => {
    const log = create()
    log.add(frame(10), 0)
    log.add(frame(2 * defaultNetworkLimits.resendBytes), 0)
    log.settle(0, 0, KEEP)
    expect(log.frames.map(({ length }) => length)).to.deep.equal([2 * defaultNetworkLimits.resendBytes])
  })

  it('gives back what may be lost: all that has not left, and what has left lately', () => {
    const log = create()
    log.add(frame(1), 0)
    log.settle(0, 0, KEEP)
    log.add(frame(2), KEEP)
    log.settle(0, KEEP, KEEP)
    log.add(frame(3), KEEP)
    expect(log.salvage(KEEP + 1, KEEP).map(({ length }) => length)).to.deep.equal([2, 3])
  })

  it('gives up a message on which the stream broke too often, but not those behind it', () => {
    let frames = [frame(1), frame(2), frame(3)]

    for (let i = 0; i <= defaultNetworkLimits.maxResends; i++) {
      const log = create()
      frames.forEach(frame => { log.add(frame, 0) })
      // the first has left, of the second nothing is known
      log.settle(5, 0, KEEP)
      frames = log.salvage(0, KEEP)
    }

    expect(frames.map(({ length }) => length)).to.deep.equal([3])
  })

  it('tells when something moved last', () => {
    const log = create()
    log.add(frame(10), 100)
    expect(log.progressAt).to.equal(100)
    log.add(frame(10), 200)
    expect(log.progressAt).to.equal(100, 'the first has not left, so the second changes nothing')
    log.settle(20, 300, KEEP)
    expect(log.progressAt).to.equal(100)
    log.settle(19, 400, KEEP)
    expect(log.progressAt).to.equal(400)
  })

  it('loses nothing that has not left, keeps the order, and keeps no more than it may', () => {
    const step = fc.record({ add: fc.integer({ min: 0, max: 600_000 }), leave: fc.integer({ min: 0, max: 900_000 }), ms: fc.nat(2_000) })

    fc.assert(fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const log = create()
      const handed: SentFrame[] = []
      let now = 0
      let total = 0
      let unsent = 0

      for (const { add, leave, ms } of steps) {
        now += ms

        if (add > 0) {
          const added = frame(add)
          log.add(added, now)
          handed.push(added)
          total += add
          unsent += add
        }

        unsent = Math.max(0, unsent - leave)
        log.settle(unsent, now, KEEP)

        const left = total - unsent
        const waiting = handed.filter(({ end }) => end > left)
        const gone = log.frames.filter(({ end }) => end <= left)
        expect(log.frames.slice(-waiting.length || Infinity)).to.deep.equal(waiting)
        expect(handed.slice(handed.length - log.frames.length)).to.deep.equal(log.frames)
        expect(gone.slice(0, -1).reduce((sum, { length }) => sum + length, 0)).to.be.at.most(defaultNetworkLimits.resendBytes)
      }
    }))
  })
})
