import { expect } from 'aegir/chai'
import { UnixFS } from 'ipfs-unixfs'
import { createBudget } from '../../../src/http/dag/budget.ts'
import { expandAll, expandEntity } from '../../../src/http/dag/expand.ts'
import { walk } from '../../../src/http/dag/walk.ts'
import { MemoryDag } from './memory-dag.ts'
import type { EntityBytes } from '../../../src/http/dag/expand.ts'
import type { CID } from 'multiformats/cid'

describe('the blocks of an entity', () => {
  const dag = new MemoryDag()
  // bytes 0–9, 10–19, …
  const leaves = [0, 1, 2, 3, 4, 5].map(seed => dag.leaf(seed))
  const [left, right] = [dag.file(leaves.slice(0, 3)), dag.file(leaves.slice(3))]
  const file = dag.file([left, right])
  const nameOf = new Map([...leaves.map(({ cid }, i): [string, string] => [`${cid}`, `${i}`]), [`${left.cid}`, 'left'], [`${right.cid}`, 'right'], [`${file.cid}`, 'file']])

  async function blocksOf (root: CID, range?: EntityBytes): Promise<string[]> {
    const all: string[] = []

    for await (const { cid } of walk({ root: { cid: root }, expand: expandEntity(range), duplicates: false, get: dag.get, share: createBudget(1000).share() })) {
      all.push(nameOf.get(`${cid}`) ?? `${cid}`)
    }

    return all
  }

  it('are all of a file', async () => {
    expect(await blocksOf(file.cid)).to.deep.equal(['file', 'left', '0', '1', '2', 'right', '3', '4', '5'])
  })

  it('are those of a range', async () => {
    for (const [from, to, blocks] of [
      [0, 0, 'file left 0'],
      [9, 10, 'file left 0 1'],
      [29, 30, 'file left 2 right 3'],
      [50, undefined, 'file right 5'],
      [-1, undefined, 'file right 5'],
      [-1000, 5, 'file left 0'],
      [0, -51, 'file left 0'],
      [-11, -2, 'file right 4 5'],
      [60, undefined, 'file'],
      [40, 1000, 'file right 4 5'],
      [20, -59, 'file']
    ] as const) {
      expect((await blocksOf(file.cid, { from, to })).join(' '), `${from}:${to}`).to.equal(blocks)
    }
  })

  it('are all of a file that does not state the lengths of its parts', async () => {
    const unknown = dag.pb([{ Name: '', Hash: left.cid, Tsize: 30 }, { Name: '', Hash: right.cid, Tsize: 30 }], new UnixFS({ type: 'file' }))
    nameOf.set(`${unknown}`, 'unknown')
    expect(await blocksOf(unknown, { from: 35, to: 36 })).to.deep.equal(['unknown', 'left', '0', '1', '2', 'right', '3', '4', '5'])
  })

  it('are only the block itself for a directory and for anything else that is not a file', async () => {
    for (const cid of [dag.directory({ file: file.cid }), dag.cbor({ file: file.cid }), dag.pb([{ Name: 'file', Hash: file.cid, Tsize: 0 }]), leaves[0].cid]) {
      expect(await blocksOf(cid)).to.have.lengthOf(1)
    }
  })

  it('differ from those of `all`', () => {
    const directory = dag.directory({ file: file.cid })
    expect(expandAll({ cid: directory }, dag.blocks.get(`${directory}`) ?? new Uint8Array()).map(({ cid }) => `${cid}`)).to.deep.equal([`${file.cid}`])
  })
})
