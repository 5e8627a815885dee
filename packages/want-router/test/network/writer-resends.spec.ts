import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { FakeConnection, settled } from './fakes.ts'
import { allNumbers, numbered, read } from './messages.ts'
import { createWriterRig } from './writer-rig.ts'
import type { WriterRig } from './writer-rig.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

const KIB = 1024

describe('network/writer: what it sends again', () => {
  let rig: WriterRig

  beforeEach(async () => {
    rig = await createWriterRig()
  })

  describe('when its stream breaks', () => {
    it('just when something is sent, that is sent again', async () => {
      await rig.send(numbered(1))
      rig.connection.last.onRemoteReset()
      await rig.clock.advance(1_000)
      expect(rig.connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal([[1], [1]])
      expect(rig.stats.resends).to.equal(1)
    })

    it('it stays busy until that has left on the next', async () => {
      await rig.send(numbered(0))
      rig.connection.last.capacity = 0
      await rig.send(numbered(1))
      rig.connection.last.onRemoteReset()
      expect(rig.write.busy, 'before it is known what is lost').to.equal(true)
      rig.connection.negotiate = async () => new Promise(() => {})
      await rig.clock.advance(1_000)
      expect(rig.write.busy, 'while the next stream is opened').to.equal(true)
    })

    it('no message that had not left is lost, however old, and order is kept', async () => {
      await rig.send(numbered(0))
      rig.connection.last.capacity = 0
      rig.connection.capacity = Infinity
      await rig.send(...Array.from({ length: 30 }, (_, i) => numbered(i + 1, 16 * KIB)))
      await rig.clock.advance(60_000)
      rig.connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal(Array.from({ length: 30 }, (_, i) => i + 1))
    })

    it('what left more than 3 s ago is not sent again', async () => {
      await rig.send(numbered(1))
      await rig.clock.advance(3_500)
      await rig.send(numbered(2))
      rig.connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([2])
    })

    it('and the connection is slow, four round trips count', async () => {
      rig.connection.rtt = 1_100
      await rig.send(numbered(1))
      await rig.clock.advance(4_000)
      await rig.send(numbered(2))
      rig.connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1, 2])
    })

    it('of what has left, 1 MiB at most is sent again', async () => {
      await rig.send(...Array.from({ length: 40 }, (_, i) => numbered(i, 100 * KIB)))
      await rig.clock.advance(1_500)
      rig.connection.last.onRemoteReset()
      await settled()
      expect(allNumbers(rig.connection.last.left)).to.deep.equal(Array.from({ length: 10 }, (_, i) => 30 + i))
    })

    it('and the next has another version, the messages are encoded again', async () => {
      await rig.send({ wants: [{ cid: Uint8Array.of(1, 0x55, 0, 1, 7), priority: 1, cancel: false, wantType: 'have', sendDontHave: true }] })
      expect(read(rig.connection.last.left)[0].wants[0].wantType).to.equal('have')
      rig.connection.protocols = ['/ipfs/bitswap/1.1.0']
      rig.connection.last.onRemoteReset()
      await rig.clock.advance(1_000)
      expect(read(rig.connection.last.left)[0].wants[0].wantType).to.equal('block')
    })

    it('because of a message, that message is sent nine times in all', async () => {
      await rig.send(numbered(1))

      for (let i = 0; i < 12; i++) {
        rig.connection.last.onRemoteReset()
        await rig.clock.advance(2_000)
      }

      expect(rig.connection.streams.map(({ left }) => allNumbers(left))).to.deep.equal(Array.from({ length: 9 }, () => [1]))
    })

    it('repeatedly, it waits longer each time, up to 10 s', async () => {
      const times: number[] = []
      rig.connection.negotiate = async () => { times.push(rig.clock.now()) }

      while (rig.clock.now() < 60_000) {
        await rig.send(numbered(1))
        rig.connection.last.onRemoteReset()
        await settled()
        await rig.clock.advance(250)
      }

      expect(times.slice(1).map((time, i) => time - times[i])).to.deep.equal([250, 500, 1_000, 1_750, 3_250, 6_500, 10_000, 10_000, 10_000, 10_000])
    })

    it('after having worked, it does not wait', async () => {
      await rig.send(numbered(1))
      await rig.clock.advance(2_000)
      rig.connection.last.onRemoteReset()
      await settled()
      expect(rig.connection.asked).to.equal(2)
    })

    it('after having worked, earlier failures are forgotten', async () => {
      const times: number[] = []

      const refuse = async (): Promise<void> => {
        times.push(rig.clock.now())
        throw new Error('no')
      }

      rig.connection.negotiate = refuse
      await rig.send(numbered(1))
      await rig.clock.advance(5_000)
      rig.connection.negotiate = async () => {}
      await rig.clock.advance(4_000)
      rig.connection.negotiate = refuse
      times.splice(0)
      await rig.send(numbered(2))
      rig.connection.last.onRemoteReset()
      await settled()
      await rig.clock.advance(1_000)
      expect(times.slice(1).map((time, i) => time - times[i])).to.deep.equal([250, 500])
    })

    it('while it sends, libp2p resets it: nothing is lost', async () => {
      await rig.send(numbered(1))
      const broken = rig.connection.last
      broken.sendData = () => { throw new Error('the transport is gone') }
      await rig.send(numbered(2), numbered(3))
      await rig.clock.advance(1_000)
      expect(allNumbers(rig.connection.last.left)).to.deep.equal([1, 2, 3])
    })

    it('at any time, every message arrives at least once, in order when first seen', async () => {
      await fc.assert(fc.asyncProperty(fc.array(fc.record({
        messages: fc.nat(5),
        capacity: fc.constantFrom(0, 100, 10_000, Infinity),
        breaks: fc.boolean(),
        ms: fc.constantFrom(0, 100, 1_500, 4_000)
      }), { maxLength: 20 }), async steps => {
        rig.connection = new FakeConnection(rig.peer)
        rig.connections = [rig.connection]
        rig.queue = []
        rig.write = rig.create()
        let count = 0
        await rig.send(numbered(count++))

        for (const { messages, capacity, breaks, ms } of steps) {
          const before = new Map(rig.connection.streams.map(stream => [stream, stream.left.length]))
          rig.connection.last.capacity = capacity
          const first = count
          count += messages
          await rig.send(...Array.from({ length: messages }, (_, i) => numbered(first + i, 5_000)))

          if (breaks) {
            // what was in flight at that moment does not arrive
            rig.connection.last.left = rig.connection.last.left.sublist(0, before.get(rig.connection.last) ?? 0)
            rig.connection.last.onRemoteReset()
            await rig.clock.advance(11_000)
          }

          await rig.clock.advance(ms)
        }

        await rig.connection.last.drain(Infinity)
        await rig.clock.advance(11_000)
        await rig.connection.last.drain(Infinity)

        const seen = new Set<number>()

        for (const { left } of rig.connection.streams) {
          for (const message of allNumbers(left)) {
            seen.add(message)
          }
        }

        expect([...seen]).to.deep.equal(Array.from({ length: count }, (_, i) => i))
        rig.write.stop(new Error('done'))
      }), { numRuns: 100, seed: SEED })
    })
  })
})
