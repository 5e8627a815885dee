import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createReader } from '../../src/network/reader.ts'
import { createNetworkStats } from '../../src/network/stats.ts'
import { createWatch } from '../../src/network/watch.ts'
import { fakeClock, FakeStream, settled } from './fakes.ts'
import { frame, numbered, numbers } from './messages.ts'
import type { Clock } from './fakes.ts'
import type { Reader, ReaderOwner } from '../../src/network/reader.ts'
import type { BitswapMessage } from '@kitsune/bitswap-codec'

const MIB = 1024 * 1024

interface Owner extends ReaderOwner {
  seen: number[]
  unfinishedBytes: number
  over: Reader[]
  handle (message: BitswapMessage): Promise<void> | false | undefined
}

describe('network/reader', () => {
  let clock: Clock
  let owner: Owner
  let stream: FakeStream

  beforeEach(() => {
    clock = fakeClock()
    stream = new FakeStream()
    owner = {
      seen: [],
      unfinishedBytes: 0,
      over: [],
      handle: () => undefined,
      limits: DEFAULT_NETWORK_LIMITS,
      stats: createNetworkStats(),
      watch: createWatch(250, clock.now, clock.after),
      log: defaultLogger().forComponent('test'),
      now: clock.now,
      message (message) {
        owner.seen.push(...numbers(message))
        return owner.handle(message)
      },
      unfinished (delta) { owner.unfinishedBytes += delta },
      holds () {},
      ended (reader) { owner.over.push(reader) }
    }
  })

  function expectReset (): void {
    expect(stream.resetSent).to.equal(true)
    expect(owner.over).to.have.lengthOf(1)
    expect(owner.unfinishedBytes).to.equal(0)
  }

  describe('what came before it', () => {
    it('reads what had been buffered before the handler was called', async () => {
      stream.receive(frame(numbered(1)))
      createReader(stream, true, owner)
      await settled()
      expect(owner.seen).to.deep.equal([1])
    })

    it('reads a stream that had been ended before the handler was called, and closes our half', async () => {
      stream.receive(frame(numbered(1)))
      stream.onRemoteCloseWrite()
      createReader(stream, true, owner)
      await settled()
      expect(owner.seen).to.deep.equal([1])
      expect(owner.over).to.have.lengthOf(1)
      expect(stream.closeSent).to.equal(true)
      expect(stream.status).to.equal('closed')
    })

    it('is over at once for a stream that was empty and ended', async () => {
      stream.onRemoteCloseWrite()
      expect(createReader(stream, true, owner).over).to.equal(true)
      await settled()
      expect(stream.closeSent).to.equal(true)
    })

    it('is over at once for a stream that was reset', () => {
      stream.onRemoteReset()
      expect(createReader(stream, true, owner).over).to.equal(true)
    })
  })

  describe('a stream that came with its data and its end in one flight', () => {
    /** As libp2p does it: negotiating the protocol reads too far, the end passes, and what was read is put back. */
    function pushBack (...messages: Uint8Array[]): void {
      stream.onRemoteCloseWrite()
      messages.toReversed().forEach(message => { stream.unshift(message) })
      expect(stream.readableEnded).to.equal(true)
    }

    function expectOver (read: Reader): void {
      expect(read.over).to.equal(true)
      expect(owner.over).to.have.lengthOf(1)
      expect(owner.unfinishedBytes).to.equal(0)
      expect(stream.status).to.equal('closed')
      expect(owner.stats).to.include({ badFrames: 0, framesDropped: 0 })
    }

    it('is read to its end', async () => {
      pushBack(frame(numbered(1)), frame(numbered(2)))
      const read = createReader(stream, true, owner)
      expect(read.over).to.equal(false)
      await settled()
      expect(owner.seen).to.deep.equal([1, 2])
      expectOver(read)
    })

    it('is held until what came with it is handled, and then over though no end follows', async () => {
      const ready = Promise.withResolvers<void>()
      owner.handle = () => owner.seen.length === 1 ? ready.promise : undefined
      pushBack(frame(numbered(1)), frame(numbered(2)))
      const read = createReader(stream, true, owner)
      await settled()
      expect(owner.seen).to.deep.equal([1])
      expect(read.over).to.equal(false)

      ready.resolve()
      await settled()
      expect(owner.seen).to.deep.equal([1, 2])
      expectOver(read)
    })

    it('may end while it is paused, with messages buffered in libp2p', async () => {
      const ready = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      owner.handle = async () => ready[owner.seen.length - 1]?.promise
      const read = createReader(stream, true, owner)
      stream.receive(frame(numbered(1)))
      expect(stream.readStatus).to.equal('paused')
      stream.receive(frame(numbered(2)), frame(numbered(3)))
      stream.onRemoteCloseWrite()
      await settled()
      expect(stream.status).to.equal('closed')

      ready[0].resolve()
      await settled()
      expect(owner.seen).to.deep.equal([1, 2])
      expect(read.over).to.equal(false)

      ready[1].resolve()
      await settled()
      expect(owner.seen).to.deep.equal([1, 2, 3])
      expectOver(read)
    })

    it('may have its data in the very frame of the muxer that ends it', async () => {
      const read = createReader(stream, true, owner)
      stream.onRemoteCloseWrite()
      stream.receive(frame(numbered(1)))
      await settled()
      expect(owner.seen).to.deep.equal([1])
      expectOver(read)
    })

    it('counts the half of a message that it ends with', async () => {
      pushBack(frame(numbered(1)), frame(numbered(2)).subarray(0, 10))
      const read = createReader(stream, true, owner)
      await settled()
      expect(owner.seen).to.deep.equal([1])
      expect(read.over).to.equal(true)
      expect(owner.stats.badFrames).to.equal(1)
    })

    it('is over when it is reset before its data are handed over', async () => {
      pushBack(frame(numbered(1)))
      const read = createReader(stream, true, owner)
      stream.abort(new Error('the connection is gone'))
      await settled()
      expect(owner.seen).to.deep.equal([])
      expect(read.over).to.equal(true)
    })
  })

  describe('a message that was read and is not handled is counted', () => {
    it('when it waits on a stream that is aborted', () => {
      const { promise } = Promise.withResolvers<void>()
      owner.handle = () => promise
      const read = createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), ...frame(numbered(2)), ...frame(numbered(3))])
      read.abort(new Error('the peer has too much'))
      expect(owner.stats).to.include({ framesIn: 1, framesDropped: 2 })
    })

    it('when it came behind one that could not be handled', async () => {
      owner.handle = async () => { throw new Error('boom') }
      createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      await settled()
      expect(owner.stats.framesDropped).to.equal(1)
    })

    it('when it came with bytes that reset the stream', () => {
      createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), 0x81, 0x00])
      expect(owner.seen).to.deep.equal([])
      expect(owner.stats).to.include({ badFrames: 1, framesDropped: 1 })
    })

    it('when nothing takes it', () => {
      owner.handle = () => owner.seen.length === 1 ? false : undefined
      createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      expect(owner.seen).to.deep.equal([1, 2])
      expect(owner.stats).to.include({ framesIn: 2, framesDropped: 1 })
    })
  })

  it('hears every message however the bytes are cut', () => {
    const bytes = Uint8Array.from([...frame(numbered(1)), ...frame(numbered(2, 5_000)), ...frame(numbered(3))])

    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }), sizes => {
      stream = new FakeStream()
      owner.seen = []
      createReader(stream, true, owner)

      for (let pos = 0, i = 0; pos < bytes.length; i++) {
        const end = pos + sizes[i % sizes.length]
        stream.receive(bytes.subarray(pos, end))
        pos = end
      }

      expect(owner.seen).to.deep.equal([1, 2, 3])
      expect(owner.unfinishedBytes).to.equal(0)
    }))
  })

  it('takes thousands of messages on one stream, however long it was idle between', async () => {
    createReader(stream, true, owner)

    for (let i = 0; i < 5_000; i++) {
      stream.receive(frame(numbered(i)))
    }

    await clock.advance(125_000)
    stream.receive(frame(numbered(5_000)))
    expect(owner.seen).to.have.lengthOf(5_001)
    expect(stream.status).to.equal('open')
  })

  it('closes our half as soon as the other side has closed its own', async () => {
    createReader(stream, true, owner)
    stream.receive(frame(numbered(1)))
    expect(stream.closeSent).to.equal(false)
    stream.onRemoteCloseWrite()
    await settled()
    expect(stream.closeSent).to.equal(true)
    expect(owner.over).to.have.lengthOf(1)
    expect(owner.stats.badFrames).to.equal(0)
  })

  it('needs no timer for a stream that owes nothing', () => {
    createReader(stream, true, owner)
    stream.receive(frame(numbered(1)))
    expect(clock.timers).to.equal(0)
  })

  describe('bad bytes reset the stream', () => {
    function expectBad (bytes: number[]): void {
      createReader(stream, true, owner)
      stream.receive(bytes)
      expectReset()
      expect(owner.stats.badFrames).to.equal(1)
    }

    const faults: Record<string, number[]> = {
      'a length that goes on for ever': new Array(11).fill(0xff),
      'a length of 5 MiB': [0x80, 0x80, 0xc0, 0x02],
      'a length of 2^40': [0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
      'a length that is not minimal': [0x81, 0x00],
      'a message that ends within a field': [0x02, 0x0a, 0x7f],
      'a field with a wire type that there is not': [0x01, 0x0f]
    }

    for (const [name, bytes] of Object.entries(faults)) {
      it(name, () => { expectBad(bytes) })
    }

    it('random bytes: resets it or reads on, and never throws', () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        stream = new FakeStream()
        owner.over = []
        const read = createReader(stream, true, owner)
        stream.receive(bytes)
        expect(stream.resetSent).to.equal(read.over)
        expect(owner.over).to.have.lengthOf(read.over ? 1 : 0)
        read.abort(new Error('done'))
        expect(owner.unfinishedBytes).to.equal(0)
      }))
    })

    it('but an empty message is none, and costs nothing', () => {
      createReader(stream, true, owner)
      owner.message = () => { throw new Error('was called') }
      stream.receive([0, 0, 0])
      expect(stream.status).to.equal('open')
      expect(owner.stats.framesIn).to.equal(3)
    })

    it('a length of 4 MiB with nothing behind it holds no memory', () => {
      const read = createReader(stream, true, owner)
      stream.receive([0x80, 0x80, 0x80, 0x02])
      expect(stream.status).to.equal('open')
      expect(read.unfinishedBytes).to.equal(4)
    })

    it('nothing is heard of a stream that was reset', () => {
      createReader(stream, true, owner)
      stream.receive([0x01, 0x0f], frame(numbered(1)))
      stream.receive(frame(numbered(2)))
      expect(owner.seen).to.deep.equal([])
    })
  })

  describe('half a message', () => {
    it('and 30 s of silence reset the stream', async () => {
      createReader(stream, true, owner)
      stream.receive(frame(numbered(1)).subarray(0, 10))
      await clock.advance(29_000)
      expect(stream.status).to.equal('open')
      await clock.advance(2_000)
      expectReset()
      expect(owner.stats.badFrames).to.equal(1)
      expect(clock.timers).to.equal(0)
    })

    it('is waited for while more of it comes', async () => {
      const bytes = frame(numbered(1))
      createReader(stream, true, owner)

      for (const byte of bytes) {
        stream.receive([byte])
        await clock.advance(10_000)
      }

      expect(owner.seen).to.deep.equal([1])
    })

    it('at the end of a stream is counted', async () => {
      createReader(stream, true, owner)
      stream.receive(frame(numbered(1)).subarray(0, 10))
      stream.onRemoteCloseWrite()
      await settled()
      expect(owner.stats.badFrames).to.equal(1)
      expect(owner.unfinishedBytes).to.equal(0)
      expect(stream.status).to.equal('closed')
    })

    it('is not held against a peer whose connection was lost', async () => {
      createReader(stream, true, owner)
      stream.receive(frame(numbered(1)).subarray(0, 10))
      stream.onTransportClosed()
      await settled()
      expect(owner.stats.badFrames).to.equal(0)
      expect(owner.over).to.have.lengthOf(1)
      expect(owner.unfinishedBytes).to.equal(0)
    })
  })

  describe('a handler that is not ready', () => {
    let ready: PromiseWithResolvers<void>

    beforeEach(() => {
      ready = Promise.withResolvers<void>()
      owner.handle = () => owner.seen.length === 1 ? ready.promise : undefined
    })

    it('holds the stream, and what came with the message', async () => {
      createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      stream.receive(frame(numbered(3)))
      expect(owner.seen).to.deep.equal([1])
      expect(stream.readStatus).to.equal('paused')

      ready.resolve()
      await settled()
      expect(owner.seen).to.deep.equal([1, 2, 3])
      expect(stream.readStatus).to.equal('readable')
    })

    it('again, for what had been buffered meanwhile, keeps the peer stopped', async () => {
      const later = Promise.withResolvers<void>()
      owner.handle = () => owner.seen.length === 1 ? ready.promise : later.promise
      createReader(stream, true, owner)
      stream.receive(frame(numbered(1)))
      expect(stream.stopped).to.equal(true)
      stream.receive(frame(numbered(2)))

      ready.resolve()
      await settled()
      expect(owner.seen).to.deep.equal([1, 2])
      expect(stream.readStatus).to.equal('paused')
      expect(stream.stopped).to.equal(true)

      later.resolve()
      await settled()
      expect(stream.readStatus).to.equal('readable')
      expect(stream.stopped).to.equal(false)
    })

    it('hears the rest of a stream that has ended meanwhile', async () => {
      const read = createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), ...frame(numbered(2))])
      stream.receive(frame(numbered(3)))
      stream.onRemoteCloseWrite()
      await settled()
      expect(stream.closeSent).to.equal(true, 'the peer has its stream back at once')
      expect(read.over).to.equal(false)

      ready.resolve()
      await settled()
      expect(owner.seen).to.deep.equal([1, 2, 3])
      expect(read.over).to.equal(true)
    })

    it('hears the rest of a stream that was reset meanwhile', async () => {
      const read = createReader(stream, true, owner)
      stream.receive(frame(numbered(1)))
      stream.receive(frame(numbered(2)))
      stream.onRemoteReset()

      ready.resolve()
      await settled()
      expect(owner.seen).to.deep.equal([1, 2])
      expect(read.over).to.equal(true)
    })

    it('is over when a paused stream without anything left was reset', async () => {
      const read = createReader(stream, true, owner)
      stream.receive(frame(numbered(1)))
      stream.onRemoteReset()
      ready.resolve()
      await settled()
      expect(read.over).to.equal(true)
    })

    it('says what waits, and does not count it as unfinished', () => {
      const second = frame(numbered(2))
      const third = frame(numbered(3))
      const read = createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), ...second])
      stream.receive(third)
      expect(read.waitingBytes).to.equal(second.length - 1 + third.length)
      expect(owner.unfinishedBytes).to.equal(0)
    })

    it('is not blamed on the peer: half a message may wait as long as it takes', async () => {
      createReader(stream, true, owner)
      stream.receive([...frame(numbered(1)), ...frame(numbered(2)).subarray(0, 10)])
      await clock.advance(120_000)
      expect(stream.status).to.equal('open')

      ready.resolve()
      await settled()
      stream.receive(frame(numbered(2)).subarray(10))
      expect(owner.seen).to.deep.equal([1, 2])
    })

    it('may take a whole window of the muxer to wait', () => {
      createReader(stream, true, owner)
      stream.receive(frame(numbered(1)))
      stream.onData(new Uint8Array(15 * MIB))
      expect(stream.status).to.equal('open')
    })

    it('is held to what libp2p buffers where the muxer cannot stop the peer', () => {
      const read = createReader(stream, false, owner)
      stream.receive(frame(numbered(1)))
      stream.onData(new Uint8Array(5 * MIB))
      expect(stream.resetSent).to.equal(true)
      // the message that is being handled is the last
      expect(read.waitingBytes).to.equal(0)
      ready.resolve()
    })
  })

  describe('a handler that fails', () => {
    it('by throwing costs that stream', () => {
      owner.handle = () => { throw new Error('boom') }
      createReader(stream, true, owner)
      stream.receive(frame(numbered(1)), frame(numbered(2)))
      expectReset()
      expect(owner.seen).to.deep.equal([1])
      expect(owner.stats.badFrames).to.equal(0)
    })

    it('later costs that stream', async () => {
      owner.handle = async () => { throw new Error('boom') }
      createReader(stream, true, owner)
      stream.receive(frame(numbered(1)), frame(numbered(2)))
      await settled()
      expectReset()
      expect(owner.seen).to.deep.equal([1])
    })

    it('after having given up the peer itself costs nothing more', async () => {
      const read = createReader(stream, true, owner)
      owner.handle = async () => {
        read.abort(new Error('unwanted'))
        throw new Error('boom')
      }
      stream.receive(frame(numbered(1)), frame(numbered(2)))
      await settled()
      expectReset()
      expect(owner.seen).to.deep.equal([1])
    })
  })
})
