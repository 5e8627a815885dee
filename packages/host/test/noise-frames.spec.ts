import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { Uint8ArrayList } from 'uint8arraylist'
import { createNoiseFrames } from '../src/noise-frames.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

/** The bytes of frames with their lengths before them. */
function framed (frames: Uint8Array[]): Uint8Array {
  return new Uint8ArrayList(...frames.flatMap(frame => [Uint8Array.of(frame.length >>> 8, frame.length), frame])).subarray()
}

/** Cuts bytes at some positions. */
function pieces (bytes: Uint8Array, cuts: number[]): Uint8Array[] {
  const at = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)

  return [0, ...at].map((from, i) => bytes.subarray(from, at[i]))
}

describe("noise's frames", () => {
  const frames = fc.array(fc.oneof(fc.uint8Array({ maxLength: 5 }), fc.uint8Array({ minLength: 250, maxLength: 600 })), { maxLength: 6 })
  const cuts = fc.array(fc.nat(4000), { maxLength: 12 })

  it('are cut in the same way however they arrive, and empty ones are left out', () => {
    fc.assert(fc.property(frames, cuts, fc.boolean(), fc.nat(4000), (frames, cuts, together, early) => {
      const bytes = framed(frames)
      const rest = bytes.subarray(0, Math.min(early % 3, bytes.length, frames[0]?.length ?? 0))
      const arriving = pieces(bytes.subarray(rest.length), cuts)
      const cutter = createNoiseFrames(new Uint8ArrayList(rest))
      const read = together ? cutter.decode(new Uint8ArrayList(...arriving)) : arriving.flatMap(piece => cutter.decode(piece))

      expect(read.map(frame => [...frame.subarray()])).to.deep.equal(frames.filter(({ length }) => length > 0).map(frame => [...frame]))
    }), { seed: SEED })
  })

  it('are views of the data that arrived', () => {
    const bytes = framed([new Uint8Array(9), new Uint8Array(300)])

    for (const frame of createNoiseFrames().decode(bytes)) {
      expect(frame.subarray().buffer).to.equal(bytes.buffer)
    }
  })
})
