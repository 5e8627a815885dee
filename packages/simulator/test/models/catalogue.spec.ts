import { expect } from 'aegir/chai'
import { ABSENT, createCatalogue } from '../../src/models/catalogue.ts'
import { contentCid, contentKey } from '../../src/world/content.ts'

const N = 5000
const members = ['a', 'b', 'c', 'd']
const block = (n: number): { key: string, cid: Uint8Array } => ({ key: contentKey(n), cid: contentCid(n) })
const all = Array.from({ length: N }, (_, n) => block(n))

describe('catalogue', () => {
  it('gives a member its share of blocks, the same ones each time', () => {
    const held = (seed: number): boolean[] => all.map(block => createCatalogue({ seed, sizes: 1, members }).holds('a', 0.3, block))
    expect(held(1).filter(Boolean).length / N).to.be.closeTo(0.3, 0.02)
    expect(held(1)).to.deep.equal(held(1))
    expect(held(1)).to.not.deep.equal(held(2))
  })

  it('lets members hold blocks independently of one another, unless the number of copies is fixed', () => {
    const independent = createCatalogue({ seed: 1, sizes: 1, members })
    const both = all.filter(block => independent.holds('a', 0.5, block) && independent.holds('b', 0.5, block))
    expect(both.length / N).to.be.closeTo(0.25, 0.03)

    const copies = createCatalogue({ seed: 1, sizes: 1, members, copies: 2 })
    expect(all.every(block => members.filter(id => copies.holds(id, 1, block)).length === 2)).to.equal(true)
  })

  it('derives sizes from the key, and has blocks that do not exist', () => {
    const blocks = createCatalogue({ seed: 1, sizes: { kind: 'exponential', mean: 1000 }, members })
    const sizes = all.map(block => blocks.size(block) ?? 0)
    expect(sizes.reduce((sum, size) => sum + size, 0) / N).to.be.closeTo(1000, 50)
    expect(blocks.size(all[7])).to.equal(sizes[7])
    expect(blocks.size(block(ABSENT))).to.be.undefined()
  })

  it('has exactly the recorded blocks', () => {
    const blocks = createCatalogue({ seed: 1, sizes: 1, members, recording: { size: key => key === contentKey(1) ? 77 : undefined, dontHaves: new Map([['a', new Set([contentKey(1)])]]) } })
    expect(blocks.size(block(1))).to.equal(77)
    expect(blocks.size(block(2))).to.be.undefined()
    expect(blocks.holds('a', 1, block(1))).to.equal(false)
    expect(blocks.holds('b', 1, block(1))).to.equal(true)
  })
})
