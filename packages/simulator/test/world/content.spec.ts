import { wantKey } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { cidOfKey, contentBlock, contentBlockKey, contentCid, contentIndex, contentKey, verifyContent } from '../../src/world/content.ts'

/** Of the random inputs, which are the same in each run. */
const SEED = 20_261_127

describe('content', () => {
  const index = fc.maxSafeNat()

  it('names the n-th block by a CID that any decoder can read, and that contains n', () => {
    fc.assert(fc.property(index, n => {
      const cid = contentCid(n)
      expect(CID.decode(cid)).to.deep.include({ version: 1, code: 0x55 })
      expect(contentIndex(cid)).to.equal(n)
      expect(wantKey(cid)).to.equal(contentKey(n))
      expect(wantKey(cidOfKey(contentKey(n)))).to.equal(contentKey(n))
    }), { seed: SEED })
  })

  it('makes blocks of any size that carry the key that they hash to', () => {
    for (const size of [0, 1, 256 << 10, 3 << 20]) {
      const block = contentBlock(contentKey(size), size)
      expect(block.byteLength).to.equal(size)
      expect(contentBlockKey(block)).to.equal(contentKey(size))
      expect(verifyContent(contentCid(1), block)).to.equal(contentKey(size))
    }
  })

  it('treats other bytes as garbage', () => {
    expect(verifyContent(contentCid(1), new Uint8Array(8))).to.equal('')
  })
})
