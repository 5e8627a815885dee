import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { linkTo, parseLink } from '../src/page/link.ts'

const cid = CID.parse('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')

describe('links to files', () => {
  it('name any file', () => {
    for (const name of ['a.txt', 'a b/c#d?e%.txt', 'ü']) {
      expect(parseLink(linkTo({ cid, name }))).to.deep.equal({ cid, name })
    }
  })

  it('name no file if `linkTo` did not create them', () => {
    for (const hash of ['', '#', '#a', `#${cid}`, '#nonsense/a.txt', `#${cid}/%zz`]) {
      expect(parseLink(hash), hash).to.equal(undefined)
    }
  })
})
