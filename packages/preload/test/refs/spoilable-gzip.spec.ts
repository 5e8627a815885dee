import { constants, gunzipSync } from 'node:zlib'
import { expect } from 'aegir/chai'
import { spoilableGzip } from '../../src/refs/spoilable-gzip.ts'

const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(new TextEncoder().encode(text))

/** As browsers and fetch do: what is cut off is no error. */
const read = (...parts: Uint8Array[]): string => gunzipSync(Buffer.concat(parts), { finishFlush: constants.Z_SYNC_FLUSH }).toString()

describe('gzip that can be spoiled', () => {
  it('can be read as far as it was written, and to its end', () => {
    const gzip = spoilableGzip()
    const parts = [gzip.write(bytes('one\n'))]

    expect(read(...parts)).to.equal('one\n')
    // longer than a block
    parts.push(gzip.write(bytes('x'.repeat(100_000))), gzip.end())
    expect(gunzipSync(Buffer.concat(parts)).toString()).to.equal(`one\n${'x'.repeat(100_000)}`)
    expect(gunzipSync(spoilableGzip().end()).toString()).to.equal('')
  })

  it('cannot be read once it is spoiled, also if nothing was written', () => {
    const gzip = spoilableGzip()
    const parts = [gzip.write(bytes('one\n')), gzip.spoil(bytes('error\n'))]

    expect(() => read(...parts)).to.throw('invalid block type')
    expect(() => read(spoilableGzip().spoil(bytes('error\n')))).to.throw('invalid block type')
  })
})
