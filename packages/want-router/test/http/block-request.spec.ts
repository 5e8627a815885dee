import { expect } from 'aegir/chai'
import { base16 } from 'multiformats/bases/base16'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'
import { parseBlockRequest } from '../../src/http/block-request.ts'
import { testBlock } from '../engine/harness.ts'
import type { BlockRequest } from '../../src/http/block-request.ts'

const cid = CID.decode(testBlock(1).cid)
const v0 = CID.decode(testBlock(1).v0)
const parse = (path: string, accept?: string): BlockRequest =>
  parseBlockRequest({ url: `http://localhost${path}`, headers: new Headers(accept == null ? {} : { accept }) })

describe('requests for blocks', () => {
  it('name a CID in any base in use', () => {
    for (const name of [`${cid}`, `${cid}`.toUpperCase(), cid.toString(base36), cid.toString(base58btc), cid.toString(base16), cid.toString(base64url)]) {
      expect(parse(`/ipfs/${name}?format=raw`).cid.equals(cid), name).to.equal(true)
    }

    expect(parse(`/ipfs/${v0}?format=raw`).cid.toString()).to.equal(`${v0}`)
  })

  it('have the format in the URL, or else the first accepted one', () => {
    expect(parse(`/ipfs/${cid}?format=car`, 'application/vnd.ipld.raw').format).to.equal('car')
    expect(parse(`/ipfs/${cid}`, 'text/html, application/vnd.ipld.car;order=unk; dups="y", application/vnd.ipld.raw')).to.deep.include({
      format: 'car',
      negotiated: true,
      accepted: new Map([['order', 'unk'], ['dups', 'y']])
    })
    expect(parse(`/ipfs/${cid}?format=car`, 'application/vnd.ipld.car;dups=y').accepted.get('dups')).to.equal('y')
  })

  it('have a path if they are for a CAR', () => {
    expect(parse(`/ipfs/${cid}/a%20b//c%2Fd/?format=car`)).to.deep.include({ path: ['a b', 'c/d'], contentPath: `/ipfs/${cid}/a b//c/d/` })
  })

  it('are refused with a status that says why', () => {
    for (const [path, status] of [
      ['/', 404],
      ['/ipfs/?format=raw', 404],
      [`/ipns/${cid}?format=raw`, 404],
      ['/ipfs/nonsense?format=raw', 400],
      [`/ipfs/b${'a'.repeat(1000)}?format=raw`, 400],
      ['/ipfs/%ff?format=raw', 400],
      [`/ipfs/${cid}/%ff?format=car`, 400],
      ['/.well-known/rasl/nonsense', 400],
      [`/ipfs/${cid}`, 406],
      [`/ipfs/${cid}?format=tar`, 406],
      [`/ipfs/${cid}/a?format=raw`, 406]
    ] as const) {
      expect(() => parse(path, 'text/html'), path).to.throw().with.property('status', status)
    }
  })
})
