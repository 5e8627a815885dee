import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { knownBlock } from '../../src/local/known-block.ts'
import { testBlock } from '../engine/harness.ts'

describe('blocks that need no member', () => {
  it('are blocks that a CID contains, and the empty block under any CID', () => {
    expect(knownBlock(CID.parse('bafkqabtimvwgy3yk').bytes)).to.deep.equal(new TextEncoder().encode('hello\n'))

    for (const empty of ['bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku', 'QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n']) {
      expect(knownBlock(CID.parse(empty).bytes), empty).to.deep.equal(new Uint8Array())
    }
  })

  it('are only these', () => {
    expect(knownBlock(testBlock(1).cid)).to.equal(undefined)
    expect(knownBlock(Uint8Array.of(1, 2, 3))).to.equal(undefined)
  })
})
