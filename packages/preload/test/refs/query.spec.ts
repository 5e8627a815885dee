import { expect } from 'aegir/chai'
import { bases } from 'multiformats/basics'
import { CID } from 'multiformats/cid'
import { RefsQueryError } from '../../src/errors.ts'
import { memberQuery, parseRefsQuery, queryKey } from '../../src/refs/query.ts'

const V1 = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const cid = CID.parse(V1)
const V0 = CID.createV0(cid.multihash as Parameters<typeof CID.createV0>[0]).toString()
const parse = (query: string): ReturnType<typeof memberQuery> => memberQuery(parseRefsQuery(new URLSearchParams(query)))

describe('refs: the query', () => {
  it('writes all spellings of one CID in the same way', () => {
    const spellings = [...Object.values(bases).filter(({ name }) => !/^(identity|base256emoji|base64|base64pad)$/.test(name)).map(({ encoder }) => encoder.encode(cid.bytes)), `/ipfs/${V1}`, `${V1}/`]

    for (const spelling of spellings) {
      expect(parse(`r=true&arg=${encodeURIComponent(spelling)}`), spelling).to.deep.equal({ arg: [`/ipfs/${V1}`], recursive: 'true' })
    }

    expect(parse(`arg=${V0}`).arg).to.deep.equal([`/ipfs/${V0}`])
  })

  it('keeps paths whole', () => {
    expect(parse(`arg=${V1}/a%20b/%C3%BC.txt&arg=${V0}`).arg).to.deep.equal([`/ipfs/${V1}/a b/ü.txt`, `/ipfs/${V0}`])
    expect(parse(`arg=${V1}/${encodeURIComponent('a%2Fb&recursive=false')}`)).to.deep.equal({ arg: [`/ipfs/${V1}/a%2Fb&recursive=false`], recursive: 'false' })
  })

  it('reads options as kubo does', () => {
    expect(parse(`arg=${V1}&r=TRUE&u=1&e`)).to.deep.include({ recursive: 'true', unique: 'true', edges: 'true' })
    expect(parse(`arg=${V1}&recursive=t&max-depth=3`)).to.deep.include({ recursive: 'true', 'max-depth': '3' })
    expect(parse(`arg=${V1}&r=false&max-depth=3`)).to.not.have.property('max-depth')
    expect(parse(`arg=${V1}&format=${encodeURIComponent('<src> <dst>')}`)).to.deep.include({ format: '<src> <dst>' })
  })

  it('passes on nothing that it does not know', () => {
    expect(parse(`arg=${V1}&timeout=1s&offline=true&evil=%26arg%3Dx`)).to.deep.equal({ arg: [`/ipfs/${V1}`], recursive: 'false' })
  })

  it('gives requests for the same the same name', () => {
    const key = (query: string): string => queryKey(parseRefsQuery(new URLSearchParams(query)))

    expect(key(`r=true&arg=${V1}&peer=a`)).to.equal(key(`arg=/ipfs/${bases.base36.encode(cid.bytes)}&recursive=1&peer=b`))
    expect(key(`r=true&arg=${V1}`)).to.not.equal(key(`arg=${V1}`))
  })

  for (const query of [
    '', 'arg=', 'arg=x', `arg=${'a'.repeat(5000)}`, `${`arg=${V1}&`.repeat(17)}`, `arg=${V1}%00`, `arg=${V1}/a%0Ab`,
    `arg=/ipfs/${V1}/a/../b`, `arg=${V1}/./b`, `arg=${V1}//b`, 'arg=/ipfs/', 'arg=%252Fipfs%252Fx', `arg=%252Fipfs%252F${V1}`,
    'arg=/ipns/example.com', 'arg=/ipns/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5', 'arg=12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5',
    'arg=k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8', `arg=${bases.base16.encode(new Uint8Array([1, 0x55, 0, 0xc0, 1, ...new Uint8Array(192)]))}`,
    `arg=${V1}&r=yes`, `arg=${V1}&r=true&recursive=false`, `arg=${V1}&r=1&max-depth=-2`, `arg=${V1}&r=1&max-depth=1e9`, `arg=${V1}&e=1&format=x`, `arg=${V1}&format=${'x'.repeat(300)}`
  ]) {
    it(`refuses ${query.length > 80 ? `${query.slice(0, 80)}…` : query}`, () => {
      expect(() => parse(query)).to.throw(RefsQueryError)
    })
  }
})
