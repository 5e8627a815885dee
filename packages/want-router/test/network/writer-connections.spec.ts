import { expect } from 'aegir/chai'
import { FakeConnection, settled } from './fakes.ts'
import { allNumbers, numbered } from './messages.ts'
import { createWriterRig } from './writer-rig.ts'
import type { WriterRig } from './writer-rig.ts'
import type { Connection } from '@libp2p/interface'

const KIB = 1024

describe('network/writer: where it sends', () => {
  let rig: WriterRig

  beforeEach(async () => {
    rig = await createWriterRig()
  })

  describe('connections', () => {
    it('two, one closes: the writer moves to the other with what may be lost', async () => {
      await rig.send(numbered(1))
      const other = new FakeConnection(rig.peer)
      rig.connections = [rig.connection, other]
      rig.connection.end()
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal([1])
      await rig.send(numbered(2))
      expect(allNumbers(other.last.left)).to.deep.equal([1, 2])
    })

    it('two, one is being closed by libp2p: the writer moves before', async () => {
      await rig.send(numbered(1))
      const other = new FakeConnection(rig.peer)
      rig.connections = [rig.connection, other]
      rig.connection.status = 'closing'
      await rig.connection.last.close()
      await rig.send(numbered(2))
      expect(allNumbers(other.last.left)).to.include(2)
    })

    it('two, one refuses streams: the other is used', async () => {
      const other = new FakeConnection(rig.peer)
      rig.connections = [rig.connection, other]
      rig.connection.negotiate = async () => { throw new Error('the muxer is closed') }
      await rig.send(numbered(1))
      await rig.clock.advance(500)
      expect(allNumbers(other.last.left)).to.deep.equal([1])
    })

    it('two, one breaks: what may have been in flight is sent again, also minutes later and after its stream was closed', async () => {
      const other = new FakeConnection(rig.peer)
      rig.connections = [rig.connection, other]
      await rig.send(...Array.from({ length: 40 }, (_, i) => numbered(i, 100 * KIB)))
      await rig.clock.advance(60_000)
      expect(rig.connection.last.closeSent).to.equal(true)
      rig.connection.end(new Error('reset'))
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i))
    })

    it('two, one breaks: nothing is sent again that the peer has read to its end', async () => {
      const other = new FakeConnection(rig.peer)
      rig.connections = [rig.connection, other]
      await rig.send(numbered(1))
      await rig.clock.advance(6_000)
      rig.connection.last.onRemoteCloseWrite()
      rig.connection.end(new Error('reset'))
      await settled()
      expect(other.streams).to.deep.equal([])
    })

    it('two, one is given up: nothing of it is sent again', async () => {
      const other = new FakeConnection(rig.peer)
      rig.connections = [rig.connection, other]
      await rig.send(numbered(1))
      rig.lost = true
      rig.connection.end(new Error('no answer'))
      await settled()
      await rig.send(numbered(2))
      expect(allNumbers(other.last.left)).to.deep.equal([2])
    })

    it('two, the other becomes the first: later messages go there, and the old one sends what it holds', async () => {
      await rig.send(numbered(1))
      rig.connection.last.capacity = 0
      await rig.send(numbered(2))
      const other = new FakeConnection(rig.peer)
      rig.connections = [other, rig.connection]
      rig.write.moved()
      await rig.send(numbered(3))
      expect(allNumbers(other.last.left)).to.deep.equal([3])
      expect(rig.write.busy, 'with 2 on the old stream').to.equal(true)
      await rig.connection.last.drain(Infinity)
      expect(rig.write.busy, 'when all has left').to.equal(false)
      await rig.clock.advance(2_000)
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1, 2])
      expect(rig.connection.last.closeSent).to.equal(true)
      expect(allNumbers(other.last.left)).to.deep.equal([3])
    })

    it('two, the other becomes the first: what does not leave the old one is also sent there', async () => {
      await rig.send(numbered(1))
      rig.connection.last.capacity = 0
      await rig.send(numbered(2))
      const other = new FakeConnection(rig.peer)
      rig.connections = [other, rig.connection]
      rig.write.moved()
      await rig.clock.advance(1_500)
      expect(allNumbers(other.last.left)).to.deep.equal([2])
      expect(rig.write.busy).to.equal(false)
      rig.connection.end(new Error('reset'))
      await settled()
      expect(allNumbers(other.last.left).filter(number => number === 2)).to.have.lengthOf(1)
    })

    it('two, the other becomes the first: what had not left for long is sent there at once', async () => {
      await rig.send(numbered(1))
      rig.connection.last.capacity = 0
      await rig.send(numbered(2))
      await rig.clock.advance(5_000)
      const other = new FakeConnection(rig.peer)
      expect(rig.write.stuck(rig.connection as Connection)).to.be.at.least(5_000)
      rig.connections = [other, rig.connection]
      rig.write.moved()
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal([2])
    })

    it('two, the other becomes the first while a stream is being opened on the old one: that stream is given up', async () => {
      rig.connection.negotiate = async () => new Promise(() => {})
      await rig.send(numbered(1))
      const other = new FakeConnection(rig.peer)
      rig.connections = [other, rig.connection]
      rig.write.moved()
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal([1])
    })

    it('are not written to while it is unknown which one is alive', async () => {
      await rig.send(numbered(1))
      rig.undecided = true
      await rig.send(numbered(2))
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1])
      expect(rig.write.busy).to.equal(true)
      rig.undecided = false
      rig.write.moved()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1, 2])
    })

    it('without one, the writer waits for the next', async () => {
      rig.connections = []
      await rig.send(numbered(1))
      expect(rig.write.busy).to.equal(false)
      rig.connections = [rig.connection]
      rig.write.connected()
      await settled()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1])
    })
  })

  describe('a stream that cannot be opened', () => {
    it('is tried again, after waits that double up to 10 s', async () => {
      const times: number[] = []

      rig.connection.negotiate = async () => {
        times.push(rig.clock.now())
        throw new Error('no')
      }

      await rig.send(numbered(1))
      await rig.clock.advance(60_000)
      const waits = times.slice(1).map((time, i) => time - times[i])
      expect(waits).to.deep.equal([250, 500, 1_000, 1_750, 3_250, 6_500, 10_000, 10_000, 10_000, 10_000])
      expect(rig.taken).to.deep.equal([], 'nothing is taken that cannot be sent')
    })

    it('within the time counts as refused', async () => {
      rig.connection.negotiate = async ({ signal }) => new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => { reject(signal.reason) })
      })
      await rig.send(numbered(1))
      await rig.clock.advance(10_000)
      expect(rig.stats.openFailures).to.equal(1)
      rig.connection.negotiate = async () => {}
      await rig.clock.advance(1_000)
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1])
    })

    it('is not tried again by a peer without bitswap, until it has connected again', async () => {
      rig.connection.protocols = []
      await rig.send(numbered(1))
      await rig.clock.advance(120_000)
      rig.write.wake()
      expect(rig.connection.asked).to.equal(1)
      expect(rig.write.busy).to.equal(false)
      expect(rig.clock.timers).to.equal(0)

      rig.connection.protocols = ['/ipfs/bitswap/1.2.0']
      rig.write.connected()
      rig.write.wake()
      await settled()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1])
    })

    it('and comes too late is reset', async () => {
      const negotiated = Promise.withResolvers<void>()
      rig.connection.negotiate = async () => negotiated.promise
      await rig.send(numbered(1))
      rig.write.stop(new Error('gone'))
      negotiated.resolve()
      await settled()
      expect(rig.connection.streams.map(({ status }) => status)).to.deep.equal([])
      expect(rig.clock.timers).to.be.at.most(1)
    })
  })
})
