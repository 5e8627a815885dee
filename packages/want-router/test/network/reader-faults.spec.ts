import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { createReader } from '../../src/network/reader.ts'
import { FakeStream, settled } from './fakes.ts'
import { frame, numbered } from './messages.ts'
import { createReaderRig } from './reader-rig.ts'
import type { ReaderRig } from './reader-rig.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

describe('network/reader: faults of a stream', () => {
  let rig: ReaderRig

  beforeEach(() => {
    rig = createReaderRig()
  })

  describe('malformed bytes reset the stream', () => {
    function expectBad (bytes: number[]): void {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(bytes)
      rig.expectReset()
      expect(rig.owner.stats.badFrames).to.equal(1)
    }

    const faults: Record<string, number[]> = {
      'a length that goes on for ever': new Array(11).fill(0xff),
      'a length of 5 MiB': [0x80, 0x80, 0xc0, 0x02],
      'a length of 2^40': [0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
      'a length that is not minimal': [0x81, 0x00],
      'a message that ends within a field': [0x02, 0x0a, 0x7f],
      'a field with an unknown wire type': [0x01, 0x0f]
    }

    for (const [name, bytes] of Object.entries(faults)) {
      it(name, () => { expectBad(bytes) })
    }

    it('random bytes: the reader resets it or continues, and never throws', () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        rig.stream = new FakeStream()
        rig.owner.over = []
        const read = createReader(rig.stream, true, rig.owner)
        rig.stream.receive(bytes)
        expect(rig.stream.resetSent).to.equal(read.over)
        expect(rig.owner.over).to.have.lengthOf(read.over ? 1 : 0)
        read.abort(new Error('done'))
        expect(rig.owner.unfinishedBytes).to.equal(0)
      }), { seed: SEED })
    })

    it('but an empty message does not, and costs nothing', () => {
      createReader(rig.stream, true, rig.owner)
      rig.owner.message = () => { throw new Error('was called') }
      rig.stream.receive([0, 0, 0])
      expect(rig.stream.status).to.equal('open')
      expect(rig.owner.stats).to.include({ framesIn: 0, badFrames: 0 })
    })

    it('a length of 4 MiB without data after it uses no memory', () => {
      const read = createReader(rig.stream, true, rig.owner)
      rig.stream.receive([0x80, 0x80, 0x80, 0x02])
      expect(rig.stream.status).to.equal('open')
      expect(read.unfinishedBytes).to.equal(4)
    })

    it('nothing is reported of a stream that was reset', () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive([0x01, 0x0f], frame(numbered(1)))
      rig.stream.receive(frame(numbered(2)))
      expect(rig.owner.seen).to.deep.equal([])
    })
  })

  describe('half a message', () => {
    it('and 30 s of silence reset the stream', async () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)).subarray(0, 10))
      await rig.clock.advance(29_000)
      expect(rig.stream.status).to.equal('open')
      await rig.clock.advance(2_000)
      rig.expectReset()
      expect(rig.owner.stats.badFrames).to.equal(1)
      expect(rig.clock.timers).to.equal(0)
    })

    it('does not reset the stream while more of it arrives', async () => {
      const bytes = frame(numbered(1))
      createReader(rig.stream, true, rig.owner)

      for (const byte of bytes) {
        rig.stream.receive([byte])
        await rig.clock.advance(10_000)
      }

      expect(rig.owner.seen).to.deep.equal([1])
    })

    it('at the end of a stream is counted', async () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)).subarray(0, 10))
      rig.stream.onRemoteCloseWrite()
      await settled()
      expect(rig.owner.stats.badFrames).to.equal(1)
      expect(rig.owner.unfinishedBytes).to.equal(0)
      expect(rig.stream.status).to.equal('closed')
    })

    it('does not count against a peer whose connection was lost', async () => {
      createReader(rig.stream, true, rig.owner)
      rig.stream.receive(frame(numbered(1)).subarray(0, 10))
      rig.stream.onTransportClosed()
      await settled()
      expect(rig.owner.stats.badFrames).to.equal(0)
      expect(rig.owner.over).to.have.lengthOf(1)
      expect(rig.owner.unfinishedBytes).to.equal(0)
    })
  })
})
