import { wantKey } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { cidOf, headOf } from '../../src/engine/cid-head.ts'
import { testBlock } from './harness.ts'

describe('engine: CIDs in two parts', () => {
  const { cid, v0 } = testBlock(1)
  const multihash = v0
  const cids = {
    'of version 0': v0,
    'of version 1': cid,
    'with a codec of two bytes': Uint8Array.of(1, 0xa9, 0x02, ...multihash),
    'with a codec of eight bytes': Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, ...multihash),
    'with an identity multihash': Uint8Array.of(1, 0x55, 0, 3, 0, 128, 255)
  }

  for (const [title, bytes] of Object.entries(cids)) {
    it(`${title} are restored exactly`, () => {
      const key = wantKey(bytes)!
      const again = cidOf(headOf(bytes, key), key)
      expect(again).to.deep.equal(bytes)
      expect(again.buffer).to.not.equal(bytes.buffer)
    })
  }

  it('differ in the bytes before the multihash', () => {
    const key = wantKey(cid)!
    expect(new Set([v0, cid, Uint8Array.of(1, 0x70, ...multihash)].map(bytes => headOf(bytes, key))).size).to.equal(3)
  })
})
