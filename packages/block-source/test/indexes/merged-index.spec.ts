import { expect } from 'aegir/chai'
import { mergedIndex } from '../../src/indexes/merged-index.ts'
import { scanIndex } from '../../src/indexes/scan-index.ts'
import { memoryStore } from '../../src/stores/memory.ts'
import { block, blocks, carV1, hex } from '../fixtures/cars.ts'
import type { BlockIndex, Location } from '../../src/block-index.ts'

async function folder (): Promise<{ index: BlockIndex, hashes: Uint8Array[] }> {
  const all = await blocks(4)
  const objects = new Map([['a.car', carV1(all.slice(0, 3))], ['b.car', carV1(all.slice(2))], ['bad.car', hex('05')]])
  const store = memoryStore({ objects })

  return { index: mergedIndex(['a.car', 'b.car', 'bad.car'].map(name => scanIndex(store, name))), hashes: all.map(({ multihash }) => multihash) }
}

describe('merged indexes', () => {
  it('return the locations of all, in the order of the indexes', async () => {
    const { index, hashes } = await folder()
    const located = await index.locate(hashes)

    expect((located as Location[][]).map(one => one.map(({ object }) => object))).to.deep.equal([['a.car'], ['a.car'], ['a.car', 'b.car'], ['b.car']])
  })

  it('fail for multihashes that none of them finds, if one fails', async () => {
    const { index, hashes } = await folder()
    const { multihash } = await block('elsewhere')
    const [error] = await index.locate([multihash, hashes[0]])

    expect(error).to.have.property('object', 'bad.car')
    await expect(index.locate([multihash])).to.eventually.be.rejected.with.property('object', 'bad.car')
  })

  it('are asked a few at a time, and no longer once the lookup is aborted', async () => {
    const controller = new AbortController()
    let asked = 0
    let open = 0
    let most = 0
    const slow: BlockIndex = {
      complete: true,
      async locate () {
        most = Math.max(most, ++open)

        if (++asked === 500) {
          controller.abort(new Error('gone'))
        }

        await Promise.resolve()
        open--

        return [[]]
      }
    }

    await expect(mergedIndex(Array.from({ length: 1000 }, () => slow)).locate([new Uint8Array()], { signal: controller.signal })).to.eventually.be.rejectedWith('gone')
    expect(most).to.equal(6)
    expect(asked).to.be.below(510)
  })

  it('are complete if all are', async () => {
    const { index } = await folder()

    expect(index.complete).to.equal(true)
    expect(mergedIndex([index, { complete: false, locate: async () => [] }]).complete).to.equal(false)
    expect(await mergedIndex([]).locate([new Uint8Array()])).to.deep.equal([[]])
  })
})
