import { expect } from 'aegir/chai'
import fc from 'fast-check'
import * as lp from 'it-length-prefixed'
import { pipe } from 'it-pipe'
import { MAX_FRAME_LENGTH, decodeMessage, encodeFrame, frameDecoder } from '../src/index.ts'
import type { Outgoing } from '../src/index.ts'
import type { Uint8ArrayList } from 'uint8arraylist'

type Chunks = AsyncIterable<Uint8Array | Uint8ArrayList> | Iterable<Uint8Array | Uint8ArrayList>

describe('frames on streams', () => {
  const messages: Outgoing[] = [
    { pendingBytes: 7 },
    {},
    { blocks: [{ prefix: Uint8Array.of(1, 0x55, 0x12, 32), data: new Uint8Array(300_000).fill(3) }] },
    { blocks: [{ prefix: Uint8Array.of(1, 0x55, 0x12, 32), data: new Uint8Array(1) }], pendingBytes: 1 }
  ]
  const expected = messages.map(({ blocks = [], pendingBytes = 0 }) => [pendingBytes, blocks.map(({ data }) => data.byteLength)])

  function * write (): Generator<Uint8Array> {
    for (const message of messages) {
      yield * encodeFrame(message, '/ipfs/bitswap/1.2.0')
    }
  }

  /** The same bytes in chunks of another size, as a network delivers them. */
  function rechunk (size: number) {
    return async function * (chunks: Chunks): AsyncGenerator<Uint8Array> {
      const parts: Uint8Array[] = []

      for await (const chunk of chunks) {
        parts.push(chunk.subarray())
      }

      const all = Buffer.concat(parts)

      for (let at = 0; at < all.byteLength; at += size) {
        yield all.subarray(at, at + size)
      }
    }
  }

  async function * cut (chunks: Chunks): AsyncGenerator<Uint8Array> {
    const decoder = frameDecoder()

    for await (const chunk of chunks) {
      yield * decoder.push(chunk)
    }

    expect(decoder.pending).to.equal(0)
  }

  const cutByPrefix = (chunks: Chunks): AsyncIterable<Uint8ArrayList> => lp.decode(rechunk(1 << 20)(chunks), { maxDataLength: MAX_FRAME_LENGTH })

  async function read (frames: Chunks): Promise<unknown[]> {
    const found: unknown[] = []

    for await (const frame of frames) {
      const { blocks, pendingBytes } = decodeMessage(frame.subarray())
      found.push([pendingBytes, blocks.map(({ data }) => data.byteLength)])
    }

    return found
  }

  for (const [title, cutting] of Object.entries({ frameDecoder: cut, 'it-length-prefixed': cutByPrefix })) {
    it(`are read by ${title} in a pipe, whatever the size of chunks`, async () => {
      await fc.assert(fc.asyncProperty(fc.integer({ min: 1000, max: 400_000 }), async size => {
        expect(await pipe(write(), rechunk(size), cutting, read)).to.deep.equal(expected)
      }), { numRuns: 30 })
    })
  }

  it('are read by frameDecoder when it-length-prefixed has written them', async () => {
    const bodies = async function * (chunks: Chunks): AsyncGenerator<Uint8Array> {
      for await (const frame of cut(chunks)) {
        yield frame
      }
    }

    expect(await pipe(write(), bodies, source => lp.encode(source), cut, read)).to.deep.equal(expected)
  })

  it('above the same length are refused by both', async () => {
    const tooLong = lp.encode.single(new Uint8Array(MAX_FRAME_LENGTH + 1), { maxDataLength: MAX_FRAME_LENGTH + 1 }).subarray()

    expect(() => frameDecoder().push(tooLong)).to.throw().with.property('name', 'FrameTooLargeError')
    await expect(pipe([tooLong], cutByPrefix, read)).to.eventually.be.rejected.with.property('name', 'InvalidDataLengthError')
  })
})
