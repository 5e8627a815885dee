import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createInFlightBudget } from '../../src/network/in-flight.ts'
import { createMessageSize } from '../../src/network/message-size.ts'
import { createSentLog } from '../../src/network/sent-log.ts'
import type { SentFrame } from '../../src/network/sent-frame.ts'
import type { SentLog } from '../../src/network/sent-log.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

const RECENT = 3_000
const KEEP = { recent: RECENT, spare: false }

function create (): SentLog {
  return createSentLog(DEFAULT_NETWORK_LIMITS, createMessageSize(DEFAULT_NETWORK_LIMITS), createInFlightBudget(DEFAULT_NETWORK_LIMITS), 0)
}

function frame (length: number): SentFrame {
  return { chunks: [], length, protocol: '/ipfs/bitswap/1.2.0', resends: 0, at: 0, end: 0 }
}

describe('network/sent-log', () => {
  it('keeps what has left for a while', () => {
    const log = create()
    log.add(frame(10), 0)
    log.settle(0, 0, KEEP)
    log.settle(0, RECENT, KEEP)
    expect(log.frames).to.have.lengthOf(1)
    log.settle(0, RECENT + 1, KEEP)
    expect(log.empty).to.equal(true)
  })

  it('keeps what has not left however long it takes', () => {
    const log = create()
    log.add(frame(10), 0)
    log.settle(1, 1_000_000, KEEP)
    expect(log.frames).to.have.lengthOf(1)
  })

  it('counts from when a message left, not from when it was passed to the stream', () => {
    const log = create()
    log.add(frame(10), 0)
    log.settle(5, 60_000, KEEP)
    log.settle(0, 60_001, KEEP)
    expect(log.frames).to.have.lengthOf(1)
  })

  it('keeps the last message even if it is larger than all that may be kept', () => {
    const log = create()
    log.add(frame(10), 0)
    log.add(frame(2 * DEFAULT_NETWORK_LIMITS.resendBytes), 0)
    log.settle(0, 0, KEEP)
    expect(log.frames.map(({ length }) => length)).to.deep.equal([2 * DEFAULT_NETWORK_LIMITS.resendBytes])
  })

  it('returns what may be lost: everything that has not left, and what has left recently', () => {
    const log = create()
    log.add(frame(1), 0)
    log.settle(0, 0, KEEP)
    log.add(frame(2), RECENT)
    log.settle(0, RECENT, KEEP)
    log.add(frame(3), RECENT)
    expect(log.salvage(RECENT + 1, KEEP, 'stream').map(({ length }) => length)).to.deep.equal([2, 3])
  })

  it('keeps what a broken connection may lose while there is another: far more, for far longer', () => {
    const log = create()
    const spare = { recent: RECENT, spare: true }

    for (let i = 1; i <= 8; i++) {
      log.add(frame(1_000_000 + i), 0)
      log.settle(0, 0, spare)
    }

    log.settle(0, 60_000, spare)
    expect(log.quiet).to.equal(true)
    expect(log.empty).to.equal(false)
    expect(log.salvage(60_000, spare, 'connection').map(({ length }) => length)).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8].map(i => 1_000_000 + i))
    expect(log.empty).to.equal(true)
  })

  it('does not return that when the peer resets only the stream', () => {
    const log = create()
    const spare = { recent: RECENT, spare: true }
    log.add(frame(10), 0)
    log.settle(0, 0, spare)
    log.add(frame(20), RECENT + 1)
    log.settle(0, RECENT + 1, spare)
    expect(log.salvage(RECENT + 1, spare, 'stream').map(({ length }) => length)).to.deep.equal([20])
  })

  it('forgets that once there is no other connection, or after two minutes', () => {
    for (const [now, spare] of [[60_000, false], [120_001, true]] as const) {
      const log = create()
      log.add(frame(10), 0)
      log.settle(0, 0, { recent: RECENT, spare: true })
      log.settle(0, RECENT + 1, { recent: RECENT, spare: true })
      expect(log.empty).to.equal(false)
      log.settle(0, now, { recent: RECENT, spare })
      expect(log.empty).to.equal(true)
    }
  })

  it('returns what has not left for another stream, once', () => {
    const log = create()
    log.add(frame(10), 0)
    log.add(frame(20), 0)
    log.settle(25, 0, KEEP)
    expect(log.handOver().map(({ length }) => length)).to.deep.equal([10, 20])
    expect(log.salvage(0, KEEP, 'connection')).to.deep.equal([])
  })

  it('gives up a message on which the stream broke too often, but not those after it', () => {
    let frames = [frame(1), frame(2), frame(3)]

    for (let i = 0; i <= DEFAULT_NETWORK_LIMITS.maxResends; i++) {
      const log = create()
      frames.forEach(frame => { log.add(frame, 0) })
      // the first has left, the second may or may not have
      log.settle(5, 0, KEEP)
      frames = log.salvage(0, KEEP, 'stream')
    }

    expect(frames.map(({ length }) => length)).to.deep.equal([3])
  })

  it('says when something last left', () => {
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
        expect(gone.slice(0, -1).reduce((sum, { length }) => sum + length, 0)).to.be.at.most(DEFAULT_NETWORK_LIMITS.resendBytes)
      }
    }), { seed: SEED })
  })
})
