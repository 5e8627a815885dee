import { expect } from 'aegir/chai'
import { settled } from './fakes.ts'
import { allNumbers, numbered, read } from './messages.ts'
import { createWriterRig } from './writer-rig.ts'
import type { WriterRig } from './writer-rig.ts'

const KIB = 1024

const MIB = 1024 * KIB

describe('network/writer', () => {
  let rig: WriterRig

  beforeEach(async () => {
    rig = await createWriterRig()
  })

  describe('its stream', () => {
    it('is opened when there is something to send, with the best version that the peer has', async () => {
      rig.connection.protocols = ['/ipfs/bitswap/1.0.0', '/ipfs/bitswap/1.1.0']
      await rig.clock.advance(1_000)
      expect(rig.connection.asked).to.equal(0)

      await rig.send(numbered(1))
      expect(rig.connection.last.protocol).to.equal('/ipfs/bitswap/1.1.0')
      expect(rig.taken[0].protocol).to.equal('/ipfs/bitswap/1.1.0')
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1])
    })

    it('is used for all messages', async () => {
      for (let i = 0; i < 100; i++) {
        await rig.send(numbered(i))
      }

      expect(rig.connection.asked).to.equal(1)
      expect(allNumbers(rig.connection.last.left)).to.have.lengthOf(100)
    })

    it('is opened once, however often there is something to send meanwhile', async () => {
      const negotiated = Promise.withResolvers<void>()
      rig.connection.negotiate = async () => negotiated.promise
      await rig.send(numbered(1))
      await rig.send(numbered(2))
      expect(rig.connection.asked).to.equal(1)
      negotiated.resolve()
      await settled()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1, 2])
    })

    it('sends within the call that wakes it, once the stream is open', async () => {
      await rig.send(numbered(1))
      rig.queue.push(numbered(2))
      rig.write.wake()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1, 2])
    })

    it('is not read, since answers come on their own streams', async () => {
      await rig.send(numbered(1))
      rig.connection.last.receive(new Uint8Array(5 * MIB))
      expect(rig.connection.last.readBufferLength).to.equal(0)
      expect(rig.connection.last.status).to.equal('open')
    })

    it('is closed after 5 s without traffic, and opened again when needed', async () => {
      await rig.send(numbered(1))
      await rig.clock.advance(4_900)
      expect(rig.connection.last.closeSent).to.equal(false)
      await rig.clock.advance(500)
      expect(rig.connection.last.closeSent).to.equal(true)
      expect(rig.connection.last.resetSent).to.equal(false)
      rig.connection.last.onRemoteCloseWrite()

      await rig.send(numbered(2))
      expect(rig.connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal([[1], [2]])
      expect(rig.stats.resends).to.equal(0)
    })

    it('is reset if the peer does not close it in 30 s more', async () => {
      await rig.send(numbered(1))
      await rig.clock.advance(6_000)
      expect(rig.connection.last.resetSent).to.equal(false)
      await rig.clock.advance(31_000)
      expect(rig.connection.last.resetSent).to.equal(true)
      expect(rig.clock.timers).to.equal(0)
    })

    it('is not closed while messages that left recently may have to be sent again, since closing it would send them twice', async () => {
      await rig.send(numbered(0))
      const first = rig.connection.last
      // Helia closes its half as soon as it has one
      first.onRemoteCloseWrite()
      first.capacity = 0
      await rig.send(numbered(1))
      await rig.clock.advance(4_500)
      await first.drain(Infinity)
      await rig.clock.advance(1_000)
      expect(first.closeSent, 'when it has been idle for 5 s').to.equal(false)
      await rig.clock.advance(3_000)
      expect(first.closeSent, 'and what left has been there for 3 s').to.equal(true)
      expect(rig.connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal([[0, 1]])
    })

    it('is not closed while there is traffic', async () => {
      for (let i = 0; i < 20; i++) {
        await rig.send(numbered(i))
        await rig.clock.advance(2_000)
      }

      expect(rig.connection.asked).to.equal(1)
    })
  })

  describe('open', () => {
    it('resolves when there is a stream', async () => {
      await rig.write.open(new AbortController().signal)
      expect(rig.connection.streams).to.have.lengthOf(1)
      await rig.write.open(new AbortController().signal)
      expect(rig.connection.streams).to.have.lengthOf(1)
    })

    it('does not wait for earlier failures: its caller does that', async () => {
      rig.connection.negotiate = async () => { throw new Error('no') }
      await rig.send(numbered(1))
      rig.connection.negotiate = async () => {}
      await rig.write.open(new AbortController().signal)
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1])
    })

    it('does not use a stream that libp2p is closing', async () => {
      await rig.send(numbered(1))
      await rig.connection.last.close()
      await rig.write.open(new AbortController().signal)
      expect(rig.connection.streams.map(({ writeStatus }) => writeStatus)).to.deep.equal(['closed', 'writable'])
    })

    it('rejects when the peer has no bitswap', async () => {
      rig.connection.protocols = []
      await expect(rig.write.open(new AbortController().signal)).to.eventually.be.rejected.with.property('name', 'NoBitswapError')
      await expect(rig.write.open(new AbortController().signal)).to.eventually.be.rejected.with.property('name', 'NoBitswapError')
      expect(rig.connection.asked).to.equal(1)
    })

    it('rejects without a connection', async () => {
      rig.connections = []
      await expect(rig.write.open(new AbortController().signal)).to.eventually.be.rejected.with.property('name', 'NotConnectedError')
    })

    it('rejects when its signal aborts', async () => {
      rig.connection.negotiate = async () => new Promise(() => {})
      const controller = new AbortController()
      const opened = rig.write.open(controller.signal)
      controller.abort(new Error('enough'))
      await expect(opened).to.eventually.be.rejectedWith('enough')
    })

    it('rejects when the writer is stopped', async () => {
      rig.connection.negotiate = async () => new Promise(() => {})
      const opened = rig.write.open(new AbortController().signal)
      rig.write.stop(new Error('gone'))
      await expect(opened).to.eventually.be.rejectedWith('gone')
    })
  })

  it('greets with a message without content, unless it has a message', async () => {
    rig.write.greet()
    await settled()
    expect(rig.connection.last.left.slice()).to.deep.equal(Uint8Array.of(2, 0x0a, 0))
    rig.queue.push(numbered(1))
    rig.write.wake()
    rig.write.greet()
    expect(read(rig.connection.last.left)).to.have.lengthOf(3)
    rig.connection.last.onRemoteReset()
    await rig.clock.advance(2_000)
    expect(rig.connection.streams.flatMap(({ left }) => read(left))).to.have.lengthOf(4, 'of these only the block is sent again')
  })

  it('survives a caller that throws, and continues', async () => {
    const bad = { blocks: [{ prefix: new Uint8Array(5), data: new Uint8Array(5 * MIB) }] }
    await rig.send(numbered(1), bad, numbered(2))
    await rig.clock.advance(500)
    expect(allNumbers(rig.connection.last.left)).to.deep.equal([1, 2])
  })

  it('sends what it has taken when it is closed', async () => {
    await rig.send(numbered(1))
    const stream = rig.connection.last
    stream.capacity = 0
    await rig.send(numbered(2))
    const closed = rig.write.close(AbortSignal.timeout(5_000))
    await stream.drain(Infinity)
    await closed
    expect(allNumbers(stream.left)).to.deep.equal([1, 2])
    expect(stream.closeSent).to.equal(true)
    expect(stream.resetSent).to.equal(false)
  })
})
