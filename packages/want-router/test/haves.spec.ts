import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { createHaves } from '../src/haves.ts'
import { fakeWant } from '../src/testing/index.ts'
import { testBlock } from './engine/harness.ts'
import type { HavesTable } from '../src/haves.ts'
import type { Outcome } from '../src/index.ts'
import type { TestBlock } from './engine/harness.ts'

const cidOf = ({ cid }: TestBlock): CID => CID.decode(cid)

/** A member has answered. */
function answer (haves: HavesTable, member: string, { key }: TestBlock, result: Outcome['result'], bytes = 0): void {
  haves.attemptEnded({ member, want: { ...fakeWant('any'), key }, result, ms: 1, bytes, hedge: false })
}

describe('remembered HAVEs', () => {
  const block = testBlock(1)

  it('name the member that last said so, and the size that one has said', () => {
    const haves = createHaves(() => 0)
    expect(haves.get(cidOf(block))).to.equal(undefined)
    answer(haves, 'a', block, 'have')
    expect(haves.get(cidOf(block))).to.include({ member: 'a', size: undefined })
    answer(haves, 'b', block, 'block', 2048)
    answer(haves, 'a', block, 'have')
    expect(haves.get(CID.decode(block.v0))).to.include({ member: 'a', size: 2048 })
  })

  it('end with a DONT_HAVE of that member, and not of another', () => {
    const haves = createHaves(() => 0)
    answer(haves, 'a', block, 'have')
    answer(haves, 'b', block, 'dont-have')
    answer(haves, 'a', block, 'timeout')
    expect(haves.get(cidOf(block))?.member).to.equal('a')
    answer(haves, 'a', block, 'dont-have')
    expect(haves.get(cidOf(block))).to.equal(undefined)
  })

  it('end with their member, even if it comes back', () => {
    for (const event of [{ type: 'member', state: 'down', before: 'up' }, { type: 'member', state: 'draining', before: 'up' }, { type: 'member-removed' }] as const) {
      const haves = createHaves(() => 0)
      answer(haves, 'a', block, 'have')
      answer(haves, 'b', testBlock(2), 'have')
      haves.onEvent({ ...event, member: 'a' })
      haves.onEvent({ type: 'member', member: 'a', state: 'up', before: 'down' })
      expect(haves.get(cidOf(block)), event.type).to.equal(undefined)
      expect(haves.get(cidOf(testBlock(2)))?.member).to.equal('b')
      answer(haves, 'a', block, 'have')
      expect(haves.get(cidOf(block))?.member).to.equal('a')
    }
  })

  it('end after a minute, and are bounded in number', () => {
    let now = 0
    const haves = createHaves(() => now, 2)
    answer(haves, 'a', block, 'have')
    now = 59_999
    expect(haves.get(cidOf(block))?.member).to.equal('a')
    now = 60_000
    expect(haves.get(cidOf(block))).to.equal(undefined)
    answer(haves, 'a', block, 'have')
    answer(haves, 'a', testBlock(2), 'have')
    answer(haves, 'a', block, 'have')
    answer(haves, 'a', testBlock(3), 'have')
    expect([1, 2, 3].map(seed => haves.get(cidOf(testBlock(seed))) != null)).to.deep.equal([true, false, true])
  })
})
