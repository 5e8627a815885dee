import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { createReader } from '../../src/network/reader.ts'
import { FakeStream, settled } from './fakes.ts'
import { frame, numbered } from './messages.ts'
import { createReaderRig } from './reader-rig.ts'
import type { ReaderRig } from './reader-rig.ts'
import type { Reader } from '../../src/network/reader.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

describe('network/reader', () => {
  let rig: ReaderRig

  beforeEach(() => {
    rig = createReaderRig()
  })

  describe('what came before it', () => {
    it('reads what had been buffered before the handler was called', async () => {
      rig.stream.receive(frame(numbered(1)))
      createReader(rig.stream, true, rig.owner)
      await settled()
      expect(rig.owner.seen).to.deep.equal([1])
    })

    it('reads a stream that had been ended before the handler was called, and closes this half', async () => {
      rig.stream.receive(frame(numbered(1)))
      rig.stream.onRemoteCloseWrite()
      createReader(rig.stream, true, rig.owner)
      await settled()
      expect(rig.owner.seen).to.deep.equal([1])
      expect(rig.owner.over).to.have.lengthOf(1)
      expect(rig.stream.closeSent).to.equal(true)
      expect(rig.stream.status).to.equal('closed')
    })

    it('ends at once for a stream that was empty and ended', async () => {
      rig.stream.onRemoteCloseWrite()
      expect(createReader(rig.stream, true, rig.owner).over).to.equal(true)
      await settled()
      expect(rig.stream.closeSent).to.equal(true)
    })

    it('is over at once for a stream that was reset', () => {
      rig.stream.onRemoteReset()
      expect(createReader(rig.stream, true, rig.owner).over).to.equal(true)
    })
  })

  describe('a stream that came with its data and its end in one flight', () => {
    /** As in libp2p: the negotiation reads too far, the end passes, and what was read is put back. */
    function pushBack (...messages: Uint8Array[]): void {
      rig.stream.onRemoteCloseWrite()
      messages.toReversed().forEach(message => { rig.stream.unshift(message) })
      expect(rig.stream.readableEnded).to.equal(true)
    }

    function expectOver (read: Reader): void {
      expect(read.over).to.equal(true)
      expect(rig.owner.over).to.have.lengthOf(1)
      expect(rig.owner.unfinishedBytes).to.equal(0)
      expect(rig.stream.status).to.equal('closed')
      expect(rig.owner.stats).to.include({ badFrames: 0, framesDropped: 0 })
    }

    it('is read to its end', async () => {
      pushBack(frame(numbered(1)), frame(numbered(2)))
      const read = createReader(rig.stream, true, rig.owner)
      expect(read.over).to.equal(false)
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2])
      expectOver(read)
    })

    it('is held until what came with it is handled, and then over though no end follows', async () => {
      const ready = Promise.withResolvers<void>()
      rig.owner.handle = () => rig.owner.seen.length === 1 ? ready.promise : undefined
      pushBack(frame(numbered(1)), frame(numbered(2)))
      const read = createReader(rig.stream, true, rig.owner)
      await settled()
      expect(rig.owner.seen).to.deep.equal([1])
      expect(read.over).to.equal(false)

      ready.resolve()
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2])
      expectOver(read)
    })

    it('may end while it is paused, with messages buffered in libp2p', async () => {
      const ready = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      rig.owner.handle = async () => ready[rig.owner.seen.length - 1]?.promise
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)))
      expect(rig.stream.readStatus).to.equal('paused')
      rig.stream.receive(frame(numbered(2)), frame(numbered(3)))
      rig.stream.onRemoteCloseWrite()
      await settled()
      expect(rig.stream.status).to.equal('closed')

      ready[0].resolve()
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2])
      expect(read.over).to.equal(false)

      ready[1].resolve()
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2, 3])
      expectOver(read)
    })

    it('may have its data in the frame of the muxer that ends it', async () => {
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.onRemoteCloseWrite()
      rig.stream.receive(frame(numbered(1)))
      await settled()
      expect(rig.owner.seen).to.deep.equal([1])
      expectOver(read)
    })

    it('counts the half of a message that it ends with', async () => {
      pushBack(frame(numbered(1)), frame(numbered(2)).subarray(0, 10))
      const read = createReader(rig.stream, true, rig.owner)
      await settled()
      expect(rig.owner.seen).to.deep.equal([1])
      expect(read.over).to.equal(true)
      expect(rig.owner.stats.badFrames).to.equal(1)
    })

    it('is over when it is reset before its data is delivered', async () => {
      pushBack(frame(numbered(1)))
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.abort(new Error('the connection is gone'))
      await settled()
      expect(rig.owner.seen).to.deep.equal([])
      expect(read.over).to.equal(true)
    })
  })

  it('reads every message however the bytes are split', () => {
    const bytes = Uint8Array.from([...frame(numbered(1)), ...frame(numbered(2, 5_000)), ...frame(numbered(3))])

    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }), sizes => {
      rig.stream = new FakeStream()
      rig.owner.seen = []
      createReader(rig.stream, true, rig.owner)

      for (let pos = 0, i = 0; pos < bytes.length; i++) {
        const end = pos + sizes[i % sizes.length]
        rig.stream.receive(bytes.subarray(pos, end))
        pos = end
      }

      expect(rig.owner.seen).to.deep.equal([1, 2, 3])
      expect(rig.owner.unfinishedBytes).to.equal(0)
    }), { seed: SEED })
  })

  it('reads thousands of messages on one stream, however long it was idle in between', async () => {
    createReader(rig.stream, true, rig.owner)

    for (let i = 0; i < 5_000; i++) {
      rig.stream.receive(frame(numbered(i)))
      rig.owner.nextPass()
    }

    await rig.clock.advance(125_000)
    rig.stream.receive(frame(numbered(5_000)))
    expect(rig.owner.seen).to.have.lengthOf(5_001)
    expect(rig.stream.status).to.equal('open')
  })

  it('closes this half as soon as the other side has closed its own', async () => {
    createReader(rig.stream, true, rig.owner)
    rig.stream.receive(frame(numbered(1)))
    expect(rig.stream.closeSent).to.equal(false)
    rig.stream.onRemoteCloseWrite()
    await settled()
    expect(rig.stream.closeSent).to.equal(true)
    expect(rig.owner.over).to.have.lengthOf(1)
    expect(rig.owner.stats.badFrames).to.equal(0)
  })

  it('needs no timer for a stream that owes nothing', () => {
    createReader(rig.stream, true, rig.owner)
    rig.stream.receive(frame(numbered(1)))
    expect(rig.clock.timers).to.equal(0)
  })
})
