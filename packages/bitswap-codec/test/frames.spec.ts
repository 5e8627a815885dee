import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { encodeFrame, frameDecoder } from '../src/index.ts'
import { bytes, varint } from './fixtures/arbitraries.ts'
import { concat } from './fixtures/bytes.ts'

function frame (body: Uint8Array): Uint8Array {
  return Uint8Array.of(...varint(body.length), ...body)
}

describe('frames', () => {
  it('are found however the stream is cut into chunks', () => {
    // bodies around the sizes at which a length takes another byte
    const body = fc.oneof(bytes(0, 3), fc.integer({ min: 120, max: 300 }).map(length => new Uint8Array(length).fill(length)))

    fc.assert(fc.property(fc.array(body, { maxLength: 6 }), fc.infiniteStream(fc.oneof(fc.nat(3), fc.nat(400))), fc.boolean(), (bodies, sizes, asList) => {
      const stream = concat(bodies.map(frame))
      const decoder = frameDecoder()
      const found: Uint8Array[] = []

      for (let pos = 0; pos < stream.length;) {
        const size = Math.min(sizes.next().value, stream.length - pos)
        const chunk = stream.subarray(pos, pos + size)
        found.push(...decoder.push(asList ? new Uint8ArrayList(chunk.subarray(0, 1), chunk.subarray(1)) : chunk))
        pos += size
      }

      expect(found).to.deep.equal(bodies.filter(({ length }) => length > 0))
      expect(decoder.pending).to.equal(0)
    }))
  })

  it('that arrive in a single chunk are views of it', () => {
    const chunk = concat([frame(Uint8Array.of(1, 2)), frame(Uint8Array.of(3))])
    const found = frameDecoder().push(chunk)

    expect(found).to.deep.equal([Uint8Array.of(1, 2), Uint8Array.of(3)])
    expect(found.every(({ buffer }) => buffer === chunk.buffer)).to.be.true()
  })

  it('are plain Uint8Arrays even from a Buffer, since slice() of a Buffer does not copy', () => {
    const [found] = frameDecoder().push(Buffer.from([2, 1, 2]))

    expect(Object.getPrototypeOf(found)).to.equal(Uint8Array.prototype)
  })

  it('that span chunks do not change with the chunks', () => {
    const decoder = frameDecoder()
    const first = Uint8Array.of(4, 1, 2)
    decoder.push(first)
    first.fill(9)

    expect(decoder.push(Uint8Array.of(3, 4))).to.deep.equal([Uint8Array.of(1, 2, 3, 4)])
  })

  it('of length 0 are left out, since they contain nothing', () => {
    const decoder = frameDecoder()

    expect(decoder.push(Uint8Array.of(0, 0, 1, 7, 0))).to.deep.equal([Uint8Array.of(7)])
    expect(decoder.pending).to.equal(0)
  })

  it('of 4,194,304 bytes are accepted, in one chunk or many', () => {
    const [header, block] = encodeFrame({ blocks: [{ prefix: Uint8Array.of(1, 0x55, 0x12, 0x20), data: new Uint8Array(4_194_286).fill(7) }] }, '/ipfs/bitswap/1.2.0')
    const stream = concat([header, block])
    const decoder = frameDecoder()
    const found: Uint8Array[] = []

    for (let pos = 0; pos < stream.length; pos += 65_519) {
      found.push(...decoder.push(stream.subarray(pos, pos + 65_519)))
    }

    expect(found.map(({ length }) => length)).to.deep.equal([4_194_304])
    expect(Buffer.compare(found[0], stream.subarray(4))).to.equal(0)
    expect(frameDecoder().push(stream)[0]).to.have.lengthOf(4_194_304)
  })

  it('report how many bytes of an unfinished one have arrived', () => {
    const decoder = frameDecoder()

    expect(decoder.pending).to.equal(0)
    decoder.push(Uint8Array.of(0x80))
    expect(decoder.pending).to.equal(1)
    decoder.push(Uint8Array.of(0x01, 5, 5, 5))
    expect(decoder.pending).to.equal(5)
    decoder.push(new Uint8Array(125))
    expect(decoder.pending).to.equal(0)
  })
})

describe('a frame that declares too much', () => {
  for (const [length, declared] of Object.entries({ '5 MiB': 5 * 2 ** 20, '2^40': 2 ** 40, 'one byte over the limit': 4_194_305 })) {
    it(`is refused before buffering: ${length}`, () => {
      const decoder = frameDecoder()

      expect(() => decoder.push(Uint8Array.from(varint(declared)))).to.throw(/limit of 4194304/).with.property('name', 'FrameTooLargeError')
    })
  }

  it('is refused at the byte that exceeds the limit, before the length is complete', () => {
    expect(() => frameDecoder().push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).to.throw().with.property('name', 'FrameTooLargeError')
  })

  it('is refused by a configured limit', () => {
    expect(frameDecoder({ maxFrameLength: 3 }).push(Uint8Array.of(3, 1, 2, 3))).to.have.lengthOf(1)
    expect(() => frameDecoder({ maxFrameLength: 3 }).push(Uint8Array.of(4))).to.throw(/limit of 3/).with.property('name', 'FrameTooLargeError')
  })

  it('does not lose the frames before it in the same chunk', () => {
    const frames: Uint8Array[] = []

    expect(() => frameDecoder().push(Uint8Array.of(1, 7, 0x81, 0x00), frames)).to.throw()
    expect(frames).to.deep.equal([Uint8Array.of(7)])
  })

  it('ends the stream: every push after it throws the same', () => {
    const decoder = frameDecoder()

    expect(() => decoder.push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).to.throw().with.property('name', 'FrameTooLargeError')
    expect(() => decoder.push(Uint8Array.of(0))).to.throw().with.property('name', 'FrameTooLargeError')
  })

  it('of 4 MiB costs nothing when no bytes follow', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 200 }, () => {
      const decoder = frameDecoder()
      decoder.push(Uint8Array.from(varint(4_194_304)))
      decoder.push(new Uint8Array(0))

      return decoder
    })

    expect(process.memoryUsage().arrayBuffers - before).to.be.below(200 * 1_000)
    expect(decoders.every(({ pending }) => pending === 4)).to.be.true()
  })

  it('of 4 MiB costs four times the bytes that arrived and a kibibyte when few bytes follow', () => {
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 200 }, () => {
      const decoder = frameDecoder()
      decoder.push(Uint8Array.from([...varint(4_194_304), 1, 2, 3]))

      return decoder
    })

    expect(process.memoryUsage().arrayBuffers - before).to.be.below(200 * 2_000)
    expect(decoders.every(({ pending }) => pending === 7)).to.be.true()
  })
})

describe('a frame whose length is malformed', () => {
  it('is refused after nine bytes without an end', () => {
    expect(() => frameDecoder().push(new Uint8Array(9).fill(0x80))).to.throw(/9 bytes/).with.property('name', 'InvalidFrameError')
  })

  it('is refused if the varint is overlong', () => {
    expect(() => frameDecoder().push(Uint8Array.of(0x81, 0x00))).to.throw(/minimal/).with.property('name', 'InvalidFrameError')
    expect(() => frameDecoder().push(Uint8Array.of(0x80, 0x80, 0x00))).to.throw(/minimal/).with.property('name', 'InvalidFrameError')
  })
})
