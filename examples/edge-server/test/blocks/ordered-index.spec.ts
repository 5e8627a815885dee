import { expect } from 'aegir/chai'
import { orderedIndex } from '../../src/blocks/ordered-index.ts'
import type { BlockIndex, Located } from '@kitsune/block-source'

const HERE: Located = [{ object: 'x', offset: 0, at: 'block' }]
const FAILED = new Error('failed')

function index (answers: Record<number, Located>, complete = false): BlockIndex & { readonly asked: number[][] } {
  const asked: number[][] = []

  return {
    asked,
    complete,
    async locate (multihashes) {
      asked.push(multihashes.map(([first]) => first))

      return multihashes.map(([first]) => answers[first] ?? [])
    }
  }
}

const hashes = [1, 2, 3].map(first => Uint8Array.of(first))

describe('orderedIndex', () => {
  it('asks the next index only for blocks that the earlier ones do not have', async () => {
    const [first, second] = [index({ 1: HERE }), index({ 2: HERE })]

    expect(await orderedIndex([first, second]).locate(hashes)).to.deep.equal([HERE, HERE, []])
    expect(second.asked).to.deep.equal([[2, 3]])
  })

  it('asks no further index if all is found', async () => {
    const second = index({})
    await orderedIndex([index({ 1: HERE, 2: HERE, 3: HERE }), second]).locate(hashes)

    expect(second.asked).to.deep.equal([])
  })

  it('reports a failure instead of a miss if no later index has the block', async () => {
    const failing: BlockIndex = { complete: true, async locate () { throw FAILED } }

    expect(await orderedIndex([failing, index({ 2: HERE })]).locate(hashes)).to.deep.equal([FAILED, HERE, FAILED])
  })

  it('is complete if one of the indexes is', () => {
    expect(orderedIndex([index({}), index({}, true)]).complete).to.equal(true)
    expect(orderedIndex([index({}), index({})]).complete).to.equal(false)
  })
})
