import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createInFlightBudget } from '../../src/network/in-flight.ts'
import { createNetworkStats } from '../../src/network/stats.ts'
import { createWatch } from '../../src/network/watch.ts'
import { createWriter } from '../../src/network/writer.ts'
import { fakeClock, FakeConnection, randomPeer, settled } from './fakes.ts'
import { allNumbers, numbered, read } from './messages.ts'
import type { Clock } from './fakes.ts'
import type { NetworkStats } from '../../src/network/stats.ts'
import type { Watch } from '../../src/network/watch.ts'
import type { Writer } from '../../src/network/writer.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, PeerId } from '@libp2p/interface'

const KIB = 1024
const MIB = 1024 * KIB

describe('network/writer', () => {
  let peer: PeerId
  let clock: Clock
  let stats: NetworkStats
  let watched: Watch
  let connection: FakeConnection
  let connections: FakeConnection[]
  let queue: Outgoing[]
  let taken: Array<{ maxBytes: number, protocol: BitswapProtocol }>
  let stalled: number
  let undecided: boolean
  let lost: boolean
  let write: Writer

  before(async () => {
    peer = await randomPeer()
  })

  beforeEach(() => {
    clock = fakeClock()
    stats = createNetworkStats()
    watched = createWatch(DEFAULT_NETWORK_LIMITS.tickInterval, clock.now, clock.after)
    connection = new FakeConnection(peer)
    connections = [connection]
    queue = []
    taken = []
    stalled = 0
    undecided = false
    lost = false
    write = create()
  })

  function create (): Writer {
    return createWriter({
      limits: DEFAULT_NETWORK_LIMITS,
      stats,
      watch: watched,
      log: defaultLogger().forComponent('test'),
      now: clock.now,
      random: () => 1,
      budget: createInFlightBudget(DEFAULT_NETWORK_LIMITS),
      undecided: () => undecided,
      isLost: () => lost,
      connections: () => connections.filter(({ status }) => status === 'open') as Connection[],
      take (maxBytes, protocol) {
        taken.push({ maxBytes, protocol })
        return queue.shift()
      },
      stalled: () => { stalled++ },
      rested () {}
    })
  }

  async function send (...messages: Outgoing[]): Promise<void> {
    queue.push(...messages)
    write.wake()
    await settled()
  }

  describe('its stream', () => {
    it('is opened when there is something to send, with the best version that the peer has', async () => {
      connection.protocols = ['/ipfs/bitswap/1.0.0', '/ipfs/bitswap/1.1.0']
      await clock.advance(1_000)
      expect(connection.asked).to.equal(0)

      await send(numbered(1))
      expect(connection.last.protocol).to.equal('/ipfs/bitswap/1.1.0')
      expect(taken[0].protocol).to.equal('/ipfs/bitswap/1.1.0')
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('is used for all messages', async () => {
      for (let i = 0; i < 100; i++) {
        await send(numbered(i))
      }

      expect(connection.asked).to.equal(1)
      expect(allNumbers(connection.last.left)).to.have.lengthOf(100)
    })

    it('is asked for once, however often there is something to send meanwhile', async () => {
      const negotiated = Promise.withResolvers<void>()
      connection.negotiate = async () => negotiated.promise
      await send(numbered(1))
      await send(numbered(2))
      expect(connection.asked).to.equal(1)
      negotiated.resolve()
      await settled()
      expect(allNumbers(connection.last.left)).to.deep.equal([1, 2])
    })

    it('sends within the call that tells it, once it is open', async () => {
      await send(numbered(1))
      queue.push(numbered(2))
      write.wake()
      expect(allNumbers(connection.last.left)).to.deep.equal([1, 2])
    })

    it('is not read: replies come on streams of their own', async () => {
      await send(numbered(1))
      connection.last.receive(new Uint8Array(5 * MIB))
      expect(connection.last.readBufferLength).to.equal(0)
      expect(connection.last.status).to.equal('open')
    })

    it('is closed after 5 s without traffic, and opened again when needed', async () => {
      await send(numbered(1))
      await clock.advance(4_900)
      expect(connection.last.closeSent).to.equal(false)
      await clock.advance(500)
      expect(connection.last.closeSent).to.equal(true)
      expect(connection.last.resetSent).to.equal(false)
      connection.last.onRemoteCloseWrite()

      await send(numbered(2))
      expect(connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal([[1], [2]])
      expect(stats.resends).to.equal(0)
    })

    it('is reset if the peer does not close it in 30 s more', async () => {
      await send(numbered(1))
      await clock.advance(6_000)
      expect(connection.last.resetSent).to.equal(false)
      await clock.advance(31_000)
      expect(connection.last.resetSent).to.equal(true)
      expect(clock.timers).to.equal(0)
    })

    it('is not closed while what left lately may have to be sent again: closing it would send it twice', async () => {
      await send(numbered(0))
      const first = connection.last
      // Helia closes its half as soon as it has one
      first.onRemoteCloseWrite()
      first.room = 0
      await send(numbered(1))
      await clock.advance(4_500)
      await first.drain(Infinity)
      await clock.advance(1_000)
      expect(first.closeSent, 'when it has been idle for 5 s').to.equal(false)
      await clock.advance(3_000)
      expect(first.closeSent, 'and what left has been there for 3 s').to.equal(true)
      expect(connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal([[0, 1]])
    })

    it('is not closed while there is traffic', async () => {
      for (let i = 0; i < 20; i++) {
        await send(numbered(i))
        await clock.advance(2_000)
      }

      expect(connection.asked).to.equal(1)
    })
  })

  describe('backpressure', () => {
    beforeEach(async () => {
      await send(numbered(0))
      connection.last.room = 0
      taken = []
    })

    it('a peer that never reads gets no more than the mark and a message', async () => {
      await send(...Array.from({ length: 1_000 }, (_, i) => numbered(i, 16 * KIB)))
      await clock.advance(60_000)
      expect(connection.last.writeBufferLength).to.be.within(256 * KIB, 280 * KIB)
      expect(queue.length).to.be.above(980)
    })

    it('and is given up after two minutes', async () => {
      await send(...Array.from({ length: 100 }, (_, i) => numbered(i, 16 * KIB)))
      await clock.advance(119_000)
      expect(stalled).to.equal(0)
      await clock.advance(2_000)
      expect(stalled).to.be.above(0)
      write.stop(new Error('stalled'))
      expect(clock.timers).to.equal(1)
      await clock.advance(250)
      expect(clock.timers).to.equal(0)
    })

    it('but not while it reads at all', async () => {
      await send(...Array.from({ length: 100 }, (_, i) => numbered(i, 16 * KIB)))

      for (let i = 0; i < 30; i++) {
        await connection.last.drain(10)
        await clock.advance(10_000)
      }

      expect(stalled).to.equal(0)
    })

    it('goes on when there is room again', async () => {
      await send(...Array.from({ length: 100 }, (_, i) => numbered(i + 1, 16 * KIB)))
      const unsent = queue.length
      await connection.last.drain(100 * KIB)
      expect(queue.length).to.be.below(unsent)
      await connection.last.drain(Infinity)
      expect(queue).to.deep.equal([])
      expect(allNumbers(connection.last.left)).to.deep.equal(Array.from({ length: 101 }, (_, i) => i))
    })

    it('is not fooled by a drain event when there is no room', async () => {
      await send(...Array.from({ length: 100 }, (_, i) => numbered(i, 16 * KIB)))
      const { writeBufferLength } = connection.last

      for (let i = 0; i < 100; i++) {
        await connection.last.drain(0)
      }

      expect(connection.last.writeBufferLength).to.equal(writeBufferLength)
    })

    it('takes nothing before it can send it, so the peer gets what matters then', async () => {
      await send(...Array.from({ length: 20 }, () => numbered(1, 16 * KIB)))
      queue = [numbered(7)]
      await connection.last.drain(Infinity)
      expect(allNumbers(connection.last.left).at(-1)).to.equal(7)
    })
  })

  describe('the size of a message', () => {
    it('grows while messages leave at once', async () => {
      await send(...[16, 32, 64, 128, 256, 512, 1024, 1024].map(size => numbered(1, size * KIB)))
      expect(taken.map(({ maxBytes }) => maxBytes / KIB)).to.deep.equal([16, 32, 64, 128, 256, 512, 1024, 1024, 1024])
    })

    it('shrinks when a message takes more than a second', async () => {
      await send(...[16, 32, 64, 128].map(size => numbered(1, size * KIB)))
      connection.last.room = 0
      await send(numbered(1, 256 * KIB))
      await clock.advance(1_500)
      await connection.last.drain(Infinity)
      await send(numbered(1))
      expect(taken.at(-1)?.maxBytes).to.equal(128 * KIB)
    })
  })

  describe('when its stream breaks', () => {
    it('in the moment of sending, what was sent is sent again', async () => {
      await send(numbered(1))
      connection.last.onRemoteReset()
      await clock.advance(1_000)
      expect(connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal([[1], [1]])
      expect(stats.resends).to.equal(1)
    })

    it('it stays busy until that has left on the next', async () => {
      await send(numbered(0))
      connection.last.room = 0
      await send(numbered(1))
      connection.last.onRemoteReset()
      expect(write.busy, 'before it is known what is lost').to.equal(true)
      connection.negotiate = async () => new Promise(() => {})
      await clock.advance(1_000)
      expect(write.busy, 'while the next stream is opened').to.equal(true)
    })

    it('no message that had not left is lost, however old, and order is kept', async () => {
      await send(numbered(0))
      connection.last.room = 0
      connection.room = Infinity
      await send(...Array.from({ length: 30 }, (_, i) => numbered(i + 1, 16 * KIB)))
      await clock.advance(60_000)
      connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(connection.last.left)).to.deep.equal(Array.from({ length: 30 }, (_, i) => i + 1))
    })

    it('what left more than 3 s ago is not sent again', async () => {
      await send(numbered(1))
      await clock.advance(3_500)
      await send(numbered(2))
      connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(connection.last.left)).to.deep.equal([2])
    })

    it('and the connection is slow, four round trips count', async () => {
      connection.rtt = 1_100
      await send(numbered(1))
      await clock.advance(4_000)
      await send(numbered(2))
      connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(connection.last.left)).to.deep.equal([1, 2])
    })

    it('of what has left, 1 MiB at most is sent again', async () => {
      await send(...Array.from({ length: 40 }, (_, i) => numbered(i, 100 * KIB)))
      await clock.advance(1_500)
      connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(connection.last.left)).to.deep.equal(Array.from({ length: 10 }, (_, i) => 30 + i))
    })

    it('and the next has another version, the messages are encoded again', async () => {
      await send({ wants: [{ cid: Uint8Array.of(1, 0x55, 0, 1, 7), priority: 1, cancel: false, wantType: 'have', sendDontHave: true }] })
      expect(read(connection.last.left)[0].wants[0].wantType).to.equal('have')
      connection.protocols = ['/ipfs/bitswap/1.1.0']
      connection.last.onRemoteReset()
      await clock.advance(1_000)
      expect(read(connection.last.left)[0].wants[0].wantType).to.equal('block')
    })

    it('because of a message, that message is tried nine times in all', async () => {
      await send(numbered(1))

      for (let i = 0; i < 12; i++) {
        connection.last.onRemoteReset()
        await clock.advance(2_000)
      }

      expect(connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal(Array.from({ length: 9 }, () => [1]))
    })

    it('again and again, it waits longer each time, up to 10 s', async () => {
      const times: number[] = []
      connection.negotiate = async () => { times.push(clock.now()) }

      while (clock.now() < 60_000) {
        await send(numbered(1))
        connection.last.onRemoteReset()
        await settled()
        await clock.advance(250)
      }

      expect(times.slice(1).map((time, i) => time - times[i])).to.deep.equal([250, 500, 1_000, 1_750, 3_250, 6_500, 10_000, 10_000, 10_000, 10_000])
    })

    it('after having worked, it does not wait', async () => {
      await send(numbered(1))
      await clock.advance(2_000)
      connection.last.onRemoteReset()
      await settled()
      expect(connection.asked).to.equal(2)
    })

    it('after having worked, failures of before are forgotten', async () => {
      const times: number[] = []
      const refuse = async (): Promise<void> => {
        times.push(clock.now())
        throw new Error('no')
      }
      connection.negotiate = refuse
      await send(numbered(1))
      await clock.advance(5_000)
      connection.negotiate = async () => {}
      await clock.advance(4_000)
      connection.negotiate = refuse
      times.splice(0)
      await send(numbered(2))
      connection.last.onRemoteReset()
      await settled()
      await clock.advance(1_000)
      expect(times.slice(1).map((time, i) => time - times[i])).to.deep.equal([250, 500])
    })

    it('while it sends, libp2p resets it: nothing is lost', async () => {
      await send(numbered(1))
      const broken = connection.last
      broken.sendData = () => { throw new Error('the transport is gone') }
      await send(numbered(2), numbered(3))
      await clock.advance(1_000)
      expect(allNumbers(connection.last.left)).to.deep.equal([1, 2, 3])
    })

    it('at any time, every message arrives at least once, in order when first seen', async () => {
      await fc.assert(fc.asyncProperty(fc.array(fc.record({
        messages: fc.nat(5),
        room: fc.constantFrom(0, 100, 10_000, Infinity),
        breaks: fc.boolean(),
        ms: fc.constantFrom(0, 100, 1_500, 4_000)
      }), { maxLength: 20 }), async steps => {
        connection = new FakeConnection(peer)
        connections = [connection]
        queue = []
        write = create()
        let count = 0
        await send(numbered(count++))

        for (const { messages, room, breaks, ms } of steps) {
          const before = new Map(connection.streams.map(stream => [stream, stream.left.length]))
          connection.last.room = room
          const first = count
          count += messages
          await send(...Array.from({ length: messages }, (_, i) => numbered(first + i, 5_000)))

          if (breaks) {
            // what was on its way in that moment does not arrive
            connection.last.left = connection.last.left.sublist(0, before.get(connection.last) ?? 0)
            connection.last.onRemoteReset()
            await clock.advance(11_000)
          }

          await clock.advance(ms)
        }

        await connection.last.drain(Infinity)
        await clock.advance(11_000)
        await connection.last.drain(Infinity)

        const seen = new Set<number>()

        for (const { left } of connection.streams) {
          for (const message of allNumbers(left)) {
            seen.add(message)
          }
        }

        expect([...seen]).to.deep.equal(Array.from({ length: count }, (_, i) => i))
        write.stop(new Error('done'))
      }), { numRuns: 100 })
    })
  })

  describe('connections', () => {
    it('two, one closes: it moves over with what may be lost', async () => {
      await send(numbered(1))
      const other = new FakeConnection(peer)
      connections = [connection, other]
      connection.end()
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal([1])
      await send(numbered(2))
      expect(allNumbers(other.last.left)).to.deep.equal([1, 2])
    })

    it('two, one is being closed by libp2p: it moves over before', async () => {
      await send(numbered(1))
      const other = new FakeConnection(peer)
      connections = [connection, other]
      connection.status = 'closing'
      await connection.last.close()
      await send(numbered(2))
      expect(allNumbers(other.last.left)).to.include(2)
    })

    it('one of two that refuses streams is left for the other', async () => {
      const other = new FakeConnection(peer)
      connections = [connection, other]
      connection.negotiate = async () => { throw new Error('the muxer is closed') }
      await send(numbered(1))
      await clock.advance(500)
      expect(allNumbers(other.last.left)).to.deep.equal([1])
    })

    it('two, one breaks: what may have been on its way is sent again, minutes later and after its stream was closed', async () => {
      const other = new FakeConnection(peer)
      connections = [connection, other]
      await send(...Array.from({ length: 40 }, (_, i) => numbered(i, 100 * KIB)))
      await clock.advance(60_000)
      expect(connection.last.closeSent).to.equal(true)
      connection.end(new Error('reset'))
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i))
    })

    it('two, one breaks: nothing is sent again that the peer has read to its end', async () => {
      const other = new FakeConnection(peer)
      connections = [connection, other]
      await send(numbered(1))
      await clock.advance(6_000)
      connection.last.onRemoteCloseWrite()
      connection.end(new Error('reset'))
      await settled()
      expect(other.streams).to.deep.equal([])
    })

    it('two, one is lost: nothing of it is sent again', async () => {
      const other = new FakeConnection(peer)
      connections = [connection, other]
      await send(numbered(1))
      lost = true
      connection.end(new Error('no answer'))
      await settled()
      await send(numbered(2))
      expect(allNumbers(other.last.left)).to.deep.equal([2])
    })

    it('two, the other becomes the first: what follows goes there, and what the old one holds leaves', async () => {
      await send(numbered(1))
      connection.last.room = 0
      await send(numbered(2))
      const other = new FakeConnection(peer)
      connections = [other, connection]
      write.moved()
      await send(numbered(3))
      expect(allNumbers(other.last.left)).to.deep.equal([3])
      expect(write.busy, 'with 2 on the old stream').to.equal(true)
      await connection.last.drain(Infinity)
      expect(write.busy, 'when all has left').to.equal(false)
      await clock.advance(2_000)
      expect(allNumbers(connection.last.left)).to.deep.equal([1, 2])
      expect(connection.last.closeSent).to.equal(true)
      expect(allNumbers(other.last.left)).to.deep.equal([3])
    })

    it('two, the other becomes the first: what does not leave on the old one goes there as well', async () => {
      await send(numbered(1))
      connection.last.room = 0
      await send(numbered(2))
      const other = new FakeConnection(peer)
      connections = [other, connection]
      write.moved()
      await clock.advance(1_500)
      expect(allNumbers(other.last.left)).to.deep.equal([2])
      expect(write.busy).to.equal(false)
      connection.end(new Error('reset'))
      await settled()
      expect(allNumbers(other.last.left).filter(number => number === 2)).to.have.lengthOf(1)
    })

    it('two, the other becomes the first: what had not moved for long goes there at once', async () => {
      await send(numbered(1))
      connection.last.room = 0
      await send(numbered(2))
      await clock.advance(5_000)
      const other = new FakeConnection(peer)
      expect(write.stuck(connection as Connection)).to.be.at.least(5_000)
      connections = [other, connection]
      write.moved()
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal([2])
    })

    it('two, the other becomes the first while a stream is asked for on the old one: that is not waited for', async () => {
      connection.negotiate = async () => new Promise(() => {})
      await send(numbered(1))
      const other = new FakeConnection(peer)
      connections = [other, connection]
      write.moved()
      await settled()
      expect(allNumbers(other.last.left)).to.deep.equal([1])
    })

    it('of which it is not known which one lives are not written to', async () => {
      await send(numbered(1))
      undecided = true
      await send(numbered(2))
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
      expect(write.busy).to.equal(true)
      undecided = false
      write.moved()
      expect(allNumbers(connection.last.left)).to.deep.equal([1, 2])
    })

    it('without one, it waits for the next', async () => {
      connections = []
      await send(numbered(1))
      expect(write.busy).to.equal(false)
      connections = [connection]
      write.connected()
      await settled()
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })
  })

  describe('a stream that cannot be opened', () => {
    it('is tried again, after waits that double up to 10 s', async () => {
      const times: number[] = []
      connection.negotiate = async () => {
        times.push(clock.now())
        throw new Error('no')
      }
      await send(numbered(1))
      await clock.advance(60_000)
      const waits = times.slice(1).map((time, i) => time - times[i])
      expect(waits).to.deep.equal([250, 500, 1_000, 1_750, 3_250, 6_500, 10_000, 10_000, 10_000, 10_000])
      expect(taken).to.deep.equal([], 'nothing is taken that cannot be sent')
    })

    it('and was waited for too long counts as refused', async () => {
      connection.negotiate = async ({ signal }) => new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => { reject(signal.reason) })
      })
      await send(numbered(1))
      await clock.advance(10_000)
      expect(stats.openFailures).to.equal(1)
      connection.negotiate = async () => {}
      await clock.advance(1_000)
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('is not tried again by a peer without bitswap, until it has connected anew', async () => {
      connection.protocols = []
      await send(numbered(1))
      await clock.advance(120_000)
      write.wake()
      expect(connection.asked).to.equal(1)
      expect(write.busy).to.equal(false)
      expect(clock.timers).to.equal(0)

      connection.protocols = ['/ipfs/bitswap/1.2.0']
      write.connected()
      write.wake()
      await settled()
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('and comes too late is reset', async () => {
      const negotiated = Promise.withResolvers<void>()
      connection.negotiate = async () => negotiated.promise
      await send(numbered(1))
      write.stop(new Error('gone'))
      negotiated.resolve()
      await settled()
      expect(connection.streams.map(({ status }) => status)).to.deep.equal([])
      expect(clock.timers).to.be.at.most(1)
    })
  })

  describe('open', () => {
    it('resolves when there is a stream', async () => {
      await write.open(new AbortController().signal)
      expect(connection.streams).to.have.lengthOf(1)
      await write.open(new AbortController().signal)
      expect(connection.streams).to.have.lengthOf(1)
    })

    it('does not wait for earlier failures: whoever asks does that', async () => {
      connection.negotiate = async () => { throw new Error('no') }
      await send(numbered(1))
      connection.negotiate = async () => {}
      await write.open(new AbortController().signal)
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('is not content with a stream that libp2p is closing', async () => {
      await send(numbered(1))
      await connection.last.close()
      await write.open(new AbortController().signal)
      expect(connection.streams.map(({ writeStatus }) => writeStatus)).to.deep.equal(['closed', 'writable'])
    })

    it('rejects when the peer has no bitswap', async () => {
      connection.protocols = []
      await expect(write.open(new AbortController().signal)).to.eventually.be.rejected.with.property('name', 'NoBitswapError')
      await expect(write.open(new AbortController().signal)).to.eventually.be.rejected.with.property('name', 'NoBitswapError')
      expect(connection.asked).to.equal(1)
    })

    it('rejects without a connection', async () => {
      connections = []
      await expect(write.open(new AbortController().signal)).to.eventually.be.rejected.with.property('name', 'NotConnectedError')
    })

    it('rejects when its signal aborts', async () => {
      connection.negotiate = async () => new Promise(() => {})
      const controller = new AbortController()
      const opened = write.open(controller.signal)
      controller.abort(new Error('enough'))
      await expect(opened).to.eventually.be.rejectedWith('enough')
    })

    it('rejects when the writer is stopped', async () => {
      connection.negotiate = async () => new Promise(() => {})
      const opened = write.open(new AbortController().signal)
      write.stop(new Error('gone'))
      await expect(opened).to.eventually.be.rejectedWith('gone')
    })
  })

  it('greets with a message without content, unless it has something to say', async () => {
    write.greet()
    await settled()
    expect(connection.last.left.slice()).to.deep.equal(Uint8Array.of(2, 0x0a, 0))
    queue.push(numbered(1))
    write.wake()
    write.greet()
    expect(read(connection.last.left)).to.have.lengthOf(3)
    connection.last.onRemoteReset()
    await clock.advance(2_000)
    expect(connection.streams.flatMap(({ left }) => read(left))).to.have.lengthOf(4, 'of these only the block is sent again')
  })

  it('survives a caller that throws, and goes on', async () => {
    const bad = { blocks: [{ prefix: new Uint8Array(5), data: new Uint8Array(5 * MIB) }] }
    await send(numbered(1), bad, numbered(2))
    await clock.advance(500)
    expect(allNumbers(connection.last.left)).to.deep.equal([1, 2])
  })

  it('lets what was taken leave when it is closed', async () => {
    await send(numbered(1))
    const stream = connection.last
    stream.room = 0
    await send(numbered(2))
    const closed = write.close(AbortSignal.timeout(5_000))
    await stream.drain(Infinity)
    await closed
    expect(allNumbers(stream.left)).to.deep.equal([1, 2])
    expect(stream.closeSent).to.equal(true)
    expect(stream.resetSent).to.equal(false)
  })
})
