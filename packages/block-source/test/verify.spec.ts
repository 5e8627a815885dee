import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { cached, coalesced } from '../src/index.ts'
import { testBytes } from '../src/testing/test-bytes.ts'
import { multihashKey } from '../src/verify.ts'
import { mapSource } from './combinators/map-source.ts'
import { rawBlock } from './sources/cars.ts'

describe('the key of a multihash', () => {
  it('has one character for each byte, whatever the version and codec of the CID', async () => {
    const { cid } = await rawBlock(Uint8Array.of(1))
    expect(Array.from(multihashKey(cid), char => char.charCodeAt(0))).to.deep.equal([...cid.multihash.bytes])
    expect(multihashKey(CID.createV0(cid.multihash as Parameters<typeof CID.createV0>[0]))).to.equal(multihashKey(cid))
  })

  it('may be as long as an identity CID is', async () => {
    const bytes = testBytes(1_000_000, 1)
    const cid = CID.createV1(0x55, identity.digest(bytes))
    expect(Array.from(multihashKey(cid).slice(-3), char => char.charCodeAt(0))).to.deep.equal([...bytes.slice(-3)])

    for (const combinator of [cached, coalesced]) {
      expect(await combinator(mapSource([{ cid, bytes }])).get(cid)).to.deep.equal(bytes)
    }
  })
})
