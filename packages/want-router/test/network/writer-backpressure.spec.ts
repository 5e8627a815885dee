import { expect } from 'aegir/chai'
import { allNumbers, numbered } from './messages.ts'
import { createWriterRig } from './writer-rig.ts'
import type { WriterRig } from './writer-rig.ts'

const KIB = 1024

describe('network/writer: how much it sends', () => {
  let rig: WriterRig

  beforeEach(async () => {
    rig = await createWriterRig()
  })

  describe('backpressure', () => {
    beforeEach(async () => {
      await rig.send(numbered(0))
      rig.connection.last.capacity = 0
      rig.taken = []
    })

    it('a peer that never reads gets no more than the mark and a message', async () => {
      await rig.send(...Array.from({ length: 1_000 }, (_, i) => numbered(i, 16 * KIB)))
      await rig.clock.advance(60_000)
      expect(rig.connection.last.writeBufferLength).to.be.within(256 * KIB, 280 * KIB)
      expect(rig.queue.length).to.be.above(980)
    })

    it('and is given up after two minutes', async () => {
      await rig.send(...Array.from({ length: 100 }, (_, i) => numbered(i, 16 * KIB)))
      await rig.clock.advance(119_000)
      expect(rig.stalled).to.equal(0)
      await rig.clock.advance(2_000)
      expect(rig.stalled).to.be.above(0)
      rig.write.stop(new Error('stalled'))
      expect(rig.clock.timers).to.equal(1)
      await rig.clock.advance(250)
      expect(rig.clock.timers).to.equal(0)
    })

    it('and after ten seconds while the total of unsent bytes is used up, after which nothing counts as unsent', async () => {
      rig.limits = { ...rig.limits, unsentTotal: 100 * KIB }
      rig.write = rig.create()
      rig.connection.last.capacity = Infinity
      await rig.send(numbered(0))
      rig.connection.last.capacity = 0
      await rig.send(...Array.from({ length: 100 }, (_, i) => numbered(i, 16 * KIB)))
      // the total, and a message
      expect(rig.budget.unsent).to.be.within(100 * KIB, 120 * KIB)

      // a peer that reads is still served
      const reader = rig.create()
      reader.wake()
      await rig.clock.advance(0)
      expect(rig.queue.length).to.equal(0)
      await rig.clock.advance(9_000)
      expect(rig.stalled).to.equal(0)
      await rig.clock.advance(2_000)
      expect(rig.stalled).to.be.above(0)

      rig.write.stop(new Error('stalled'))
      reader.stop(new Error('done'))
      await rig.clock.advance(250)
      expect(rig.budget.unsent).to.equal(0)
    })

    it('but not while it reads at all', async () => {
      await rig.send(...Array.from({ length: 100 }, (_, i) => numbered(i, 16 * KIB)))

      for (let i = 0; i < 30; i++) {
        await rig.connection.last.drain(10)
        await rig.clock.advance(10_000)
      }

      expect(rig.stalled).to.equal(0)
    })

    it('continues when there is capacity again', async () => {
      await rig.send(...Array.from({ length: 100 }, (_, i) => numbered(i + 1, 16 * KIB)))
      const unsent = rig.queue.length
      await rig.connection.last.drain(100 * KIB)
      expect(rig.queue.length).to.be.below(unsent)
      await rig.connection.last.drain(Infinity)
      expect(rig.queue).to.deep.equal([])
      expect(allNumbers(rig.connection.last.left)).to.deep.equal(Array.from({ length: 101 }, (_, i) => i))
    })

    it('ignores a drain event when there is no capacity', async () => {
      await rig.send(...Array.from({ length: 100 }, (_, i) => numbered(i, 16 * KIB)))
      const { writeBufferLength } = rig.connection.last

      for (let i = 0; i < 100; i++) {
        await rig.connection.last.drain(0)
      }

      expect(rig.connection.last.writeBufferLength).to.equal(writeBufferLength)
    })

    it('takes nothing before it can send it, so that the peer gets what matters then', async () => {
      await rig.send(...Array.from({ length: 20 }, () => numbered(1, 16 * KIB)))
      rig.queue = [numbered(7)]
      await rig.connection.last.drain(Infinity)
      expect(allNumbers(rig.connection.last.left).at(-1)).to.equal(7)
    })
  })

  describe('the size of a message', () => {
    it('grows while messages leave at once', async () => {
      await rig.send(...[16, 32, 64, 128, 256, 512, 1024, 1024].map(size => numbered(1, size * KIB)))
      expect(rig.taken.map(({ maxBytes }) => maxBytes / KIB)).to.deep.equal([16, 32, 64, 128, 256, 512, 1024, 1024, 1024])
    })

    it('shrinks when a message takes more than a second', async () => {
      await rig.send(...[16, 32, 64, 128].map(size => numbered(1, size * KIB)))
      rig.connection.last.capacity = 0
      await rig.send(numbered(1, 256 * KIB))
      await rig.clock.advance(1_500)
      await rig.connection.last.drain(Infinity)
      await rig.send(numbered(1))
      expect(rig.taken.at(-1)?.maxBytes).to.equal(128 * KIB)
    })
  })
})
