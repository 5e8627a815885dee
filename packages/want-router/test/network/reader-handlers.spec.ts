import { expect } from 'aegir/chai'
import { createReader } from '../../src/network/reader.ts'
import { FakeStream, settled } from './fakes.ts'
import { frame, numbered } from './messages.ts'
import { createReaderRig } from './reader-rig.ts'
import type { ReaderRig } from './reader-rig.ts'

const MIB = 1024 * 1024

describe('network/reader: how messages are handled', () => {
  let rig: ReaderRig

  beforeEach(() => {
    rig = createReaderRig()
  })

  describe('a message that was read and is not handled is counted', () => {
    it('when it waits on a stream that is aborted', () => {
      const { promise } = Promise.withResolvers<void>()
      rig.owner.handle = () => promise
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), ...frame(numbered(2)), ...frame(numbered(3))])
      read.abort(new Error('the peer has too much'))
      expect(rig.owner.stats).to.include({ framesIn: 1, framesDropped: 2 })
    })

    it('when it came after one that could not be handled', async () => {
      rig.owner.handle = async () => { throw new Error('boom') }
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      await settled()
      expect(rig.owner.stats.framesDropped).to.equal(1)
    })

    it('when it came with bytes that reset the stream', () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), 0x81, 0x00])
      expect(rig.owner.seen).to.deep.equal([])
      expect(rig.owner.stats).to.include({ badFrames: 1, framesDropped: 1 })
    })

    it('when nothing takes it', () => {
      rig.owner.handle = () => rig.owner.seen.length === 1 ? false : undefined
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      expect(rig.owner.seen).to.deep.equal([1, 2])
      expect(rig.owner.stats).to.include({ framesIn: 2, framesDropped: 1 })
    })
  })

  it('handles no more items in one pass of the event loop than the limit, but at least one message', async () => {
    rig.owner.limits = { ...rig.owner.limits, itemsPerPass: 3 }
    createReader(rig.stream, true, rig.owner)
    rig.stream.receive([1, 2, 3, 4, 5, 6, 7].flatMap(number => [...frame(numbered(number))]))
    expect(rig.owner.seen).to.deep.equal([1, 2, 3])
    expect(rig.stream.readStatus).to.equal('paused')

    await settled()
    expect(rig.owner.seen).to.have.lengthOf(3)
    rig.owner.nextPass()
    await settled()
    expect(rig.owner.seen).to.have.lengthOf(6)
    rig.owner.nextPass()
    await settled()
    expect(rig.owner.seen).to.deep.equal([1, 2, 3, 4, 5, 6, 7])
    expect(rig.stream.readStatus).to.equal('readable')
  })

  it('handles no more items in one pass of the event loop if they come in many pieces, and as many again in the next', async () => {
    rig.owner.limits = { ...rig.owner.limits, itemsPerPass: 3 }
    createReader(rig.stream, true, rig.owner)

    for (const number of [1, 2, 3, 4, 5]) {
      rig.stream.receive(frame(numbered(number)))
    }

    expect(rig.owner.seen).to.deep.equal([1, 2, 3])
    rig.owner.nextPass()
    await settled()
    expect(rig.owner.seen).to.deep.equal([1, 2, 3, 4, 5])

    rig.owner.nextPass()

    for (const number of [6, 7, 8]) {
      rig.stream.receive(frame(numbered(number)))
    }

    expect(rig.owner.seen).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('waits when the peer has had its share of the pass on another stream', async () => {
    rig.owner.limits = { ...rig.owner.limits, itemsPerPass: 3 }
    createReader(rig.stream, true, rig.owner)
    rig.stream.receive([1, 2, 3].flatMap(number => [...frame(numbered(number))]))
    const other = new FakeStream()
    createReader(other, true, rig.owner)
    other.receive(frame(numbered(4)))
    expect(rig.owner.seen).to.deep.equal([1, 2, 3])
    expect(other.readStatus).to.equal('paused')

    rig.owner.nextPass()
    expect(rig.owner.seen).to.deep.equal([1, 2, 3, 4])
  })

  it('is decoded without blocks if none are taken, and counted', () => {
    rig.owner.answers = false
    createReader(rig.stream, true, rig.owner)
    rig.stream.receive([...frame(numbered(1)), ...frame({ full: true })])
    expect(rig.owner.seen).to.deep.equal([])
    expect(rig.owner.stats).to.include({ framesIn: 2, framesDropped: 1, badFrames: 0 })
  })

  describe('a handler that is not ready', () => {
    let ready: PromiseWithResolvers<void>

    beforeEach(() => {
      ready = Promise.withResolvers<void>()
      rig.owner.handle = () => rig.owner.seen.length === 1 ? ready.promise : undefined
    })

    it('holds the stream, and what came with the message', async () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      rig.stream.receive(frame(numbered(3)))
      expect(rig.owner.seen).to.deep.equal([1])
      expect(rig.stream.readStatus).to.equal('paused')

      ready.resolve()
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2, 3])
      expect(rig.stream.readStatus).to.equal('readable')
    })

    it('again, for data buffered meanwhile, keeps the peer stopped', async () => {
      const later = Promise.withResolvers<void>()
      rig.owner.handle = () => rig.owner.seen.length === 1 ? ready.promise : later.promise
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)))
      expect(rig.stream.stopped).to.equal(true)
      rig.stream.receive(frame(numbered(2)))

      ready.resolve()
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2])
      expect(rig.stream.readStatus).to.equal('paused')
      expect(rig.stream.stopped).to.equal(true)

      later.resolve()
      await settled()
      expect(rig.stream.readStatus).to.equal('readable')
      expect(rig.stream.stopped).to.equal(false)
    })

    it('hears the rest of a stream that has ended meanwhile', async () => {
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      rig.stream.receive(frame(numbered(3)))
      rig.stream.onRemoteCloseWrite()
      await settled()
      expect(rig.stream.closeSent).to.equal(true, 'the peer has its stream back at once')
      expect(read.over).to.equal(false)

      ready.resolve()
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2, 3])
      expect(read.over).to.equal(true)
    })

    it('hears the rest of a stream that was reset meanwhile', async () => {
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)))
      rig.stream.receive(frame(numbered(2)))
      rig.stream.onRemoteReset()

      ready.resolve()
      await settled()
      expect(rig.owner.seen).to.deep.equal([1, 2])
      expect(read.over).to.equal(true)
    })

    it('has nothing more to wait for when a paused stream without data was reset', async () => {
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)))
      rig.stream.onRemoteReset()
      ready.resolve()
      await settled()
      expect(read.over).to.equal(true)
    })

    it('has the bytes behind it count as waiting, not as unfinished', () => {
      const second = frame(numbered(2))
      const third = frame(numbered(3))
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), ...second])
      rig.stream.receive(third)
      expect(read.waitingBytes).to.equal(second.length - 1 + third.length)
      expect(rig.owner.unfinishedBytes).to.equal(0)
    })

    it('does not count against the peer: half a message may wait as long as it takes', async () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive([...frame(numbered(1)), ...frame(numbered(2)).subarray(0, 10)])
      await rig.clock.advance(120_000)
      expect(rig.stream.status).to.equal('open')

      ready.resolve()
      await settled()
      rig.stream.receive(frame(numbered(2)).subarray(10))
      expect(rig.owner.seen).to.deep.equal([1, 2])
    })

    it('may take a whole window of the muxer to wait', () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)))
      rig.stream.onData(new Uint8Array(15 * MIB))
      expect(rig.stream.status).to.equal('open')
    })

    it('may let only as much wait as libp2p buffers if the muxer cannot stop the peer', () => {
      const read = createReader(rig.stream, false, rig.owner)
      rig.stream.receive(frame(numbered(1)))
      rig.stream.onData(new Uint8Array(5 * MIB))
      expect(rig.stream.resetSent).to.equal(true)
      // the message that is being handled is the last
      expect(read.waitingBytes).to.equal(0)
      ready.resolve()
    })
  })

  describe('a handler that fails', () => {
    it('by throwing resets only its stream', () => {
      rig.owner.handle = () => { throw new Error('boom') }
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)), frame(numbered(2)))
      rig.expectReset()
      expect(rig.owner.seen).to.deep.equal([1])
      expect(rig.owner.stats.badFrames).to.equal(0)
    })

    it('by rejecting resets only its stream', async () => {
      rig.owner.handle = async () => { throw new Error('boom') }
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)), frame(numbered(2)))
      await settled()
      rig.expectReset()
      expect(rig.owner.seen).to.deep.equal([1])
    })

    it('after it has disconnected the peer resets nothing more', async () => {
      const read = createReader(rig.stream, true, rig.owner)

      rig.owner.handle = async () => {
        read.abort(new Error('unwanted'))
        throw new Error('boom')
      }

      rig.stream.receive(frame(numbered(1)), frame(numbered(2)))
      await settled()
      rig.expectReset()
      expect(rig.owner.seen).to.deep.equal([1])
    })
  })
})
