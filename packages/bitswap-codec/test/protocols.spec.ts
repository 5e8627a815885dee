import { expect } from 'aegir/chai'
import { BITSWAP_PROTOCOLS, capabilities } from '../src/index.ts'

describe('protocols', () => {
  it('are the four ids, best first', () => {
    expect(BITSWAP_PROTOCOLS).to.deep.equal(['/ipfs/bitswap/1.2.0', '/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0', '/ipfs/bitswap'])
  })

  it('can carry what their version allows', () => {
    expect(BITSWAP_PROTOCOLS.map(capabilities)).to.deep.equal([
      { prefixes: true, presences: true, wantHave: true },
      { prefixes: true, presences: false, wantHave: false },
      { prefixes: false, presences: false, wantHave: false },
      { prefixes: false, presences: false, wantHave: false }
    ])
  })

  it('do not include any other id', () => {
    for (const id of ['', '/ipfs/bitswap/', '/ipfs/bitswap/1.3.0', '/ipfs/bitswap/1.2.0 ']) {
      expect(() => capabilities(id)).to.throw(id).with.property('name', 'UnknownProtocolError')
    }
  })
})
