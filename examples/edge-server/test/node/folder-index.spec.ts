import { carSource, memoryStore } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { folderIndex } from '../../src/node/folder-index.ts'
import { blockOf, carOf } from '../support/cars.ts'

describe('folderIndex', () => {
  it('notices new, replaced and removed CARs once its listing is too old', async () => {
    const [a, b] = [await blockOf('a'), await blockOf('b')]
    const objects = new Map([['a.car', carOf([a])], ['notes.txt', new Uint8Array(3)]])
    const store = memoryStore({ objects })
    let now = 0
    const source = carSource({ store, index: folderIndex(store, { maxAge: 100, now: () => now }) })
    const has = async (): Promise<boolean[]> => Promise.all([a, b].map(async ({ cid }) => await source.get(cid) != null))

    expect(await has()).to.deep.equal([true, false])
    objects.set('more/b.car', carOf([b]))
    now = 100
    expect(await has()).to.deep.equal([true, false])
    now = 101
    expect(await has()).to.deep.equal([true, true])
    objects.delete('a.car')
    now = 202
    expect(await has()).to.deep.equal([false, true])
    objects.set('more/b.car', carOf([a]))
    now = 303
    expect(await has()).to.deep.equal([true, false])
  })

  it('reports no miss while a CAR is broken', async () => {
    const [a, b] = [await blockOf('a'), await blockOf('b')]
    const store = memoryStore({ objects: new Map([['a.car', carOf([a])], ['broken.car', carOf([b]).slice(0, 30)]]) })
    const source = carSource({ store, index: folderIndex(store) })

    expect(await source.get(a.cid)).to.deep.equal(a.bytes)
    await expect(source.get(b.cid)).to.be.rejected()
  })
})
