import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { createBudget } from '../../../src/http/dag/budget.ts'
import { expandAll, expandEntity } from '../../../src/http/dag/expand.ts'
import { walk } from '../../../src/http/dag/walk.ts'
import { MemoryDag } from './memory-dag.ts'
import type { FileNode } from './memory-dag.ts'
import type { WalkInit } from '../../../src/http/dag/walk.ts'

const UNBOUNDED = 1 << 30

/** The CIDs of a walk, in order; the walk is left after `most` of them. */
async function cidsOf (dag: MemoryDag, root: CID, init: Partial<WalkInit> = {}, most = Infinity): Promise<string[]> {
  const cids: string[] = []

  for await (const { cid, bytes } of walk({ root: { cid: root }, expand: expandAll, duplicates: false, get: dag.get, share: createBudget(UNBOUNDED).share(), ...init })) {
    expect(bytes).to.equal(dag.blocks.get(`${cid}`))
    cids.push(`${cid}`)

    if (cids.length === most) {
      break
    }
  }

  return cids
}

const names = (...nodes: Array<CID | FileNode>): string[] => nodes.map(node => `${'size' in node ? node.cid : node}`)

describe('walk over a DAG', () => {
  let dag: MemoryDag

  beforeEach(() => { dag = new MemoryDag() })

  /** A file with a number of leaves, numbered from one. */
  function fileOf (count: number, from = 0, size = 10): FileNode {
    return dag.file(Array.from({ length: count }, (_, i) => dag.leaf(from + i, size)))
  }

  /**
   * Makes a DAG of several levels in which each block is linked four times by the one above it. Its lengths are powers of
   * 4, and none is from 2 to 4 GiB, which the encoder would write as 0.
   */
  function fourfold (levels: number): FileNode {
    let node = dag.leaf(1, 4)

    for (let i = 0; i < levels; i++) {
      node = dag.file(Array(4).fill(node))
    }

    return node
  }

  it('yields blocks in depth-first order, each once', async () => {
    const [a, b, c] = [1, 2, 3].map(seed => dag.leaf(seed))
    const [left, right] = [dag.file([a, b]), dag.file([b, c])]
    const root = dag.file([left, a, right])
    expect(await cidsOf(dag, root.cid)).to.deep.equal(names(root, left, a, b, right, c))
  })

  it('yields a block as often as it is linked, if duplicates are wanted', async () => {
    const a = dag.leaf(1)
    const left = dag.file([a, a])
    const root = dag.file([left, a, left])
    expect(await cidsOf(dag, root.cid, { duplicates: true })).to.deep.equal(names(root, left, a, a, a, left, a, a))
  })

  it('follows links of dag-cbor in the order of the block', async () => {
    const [a, b, c, d] = [1, 2, 3, 4].map(seed => dag.leaf(seed).cid)
    // an object has the key 10 before z
    const root = dag.cbor({ 10: a, z: [b, { deep: c }], none: 1, bytes: new Uint8Array(3), last: d })
    expect(await cidsOf(dag, root)).to.deep.equal(names(root, b, c, a, d))
  })

  it('passes through CIDs that contain their block, which are not part of a CAR', async () => {
    const { cid: leaf } = dag.leaf(1)
    const inner = CID.createV1(0x71, identity.digest(dag.blocks.get(`${dag.cbor([leaf])}`) ?? new Uint8Array()))
    dag.blocks.set(`${inner}`, inner.multihash.digest)
    const root = dag.cbor([inner])
    expect(await cidsOf(dag, root)).to.deep.equal(names(root, leaf))
  })

  it('gives back its share of the memory', async () => {
    const budget = createBudget(100)
    const root = fileOf(20)

    for (let i = 0; i < 10; i++) {
      const share = budget.share()
      await cidsOf(dag, root.cid, { share })
      share.end()
    }
  })

  describe('fetches ahead', () => {
    it('a bounded number of blocks', async () => {
      const root = fileOf(200)
      await cidsOf(dag, root.cid)
      expect(dag.mostOpen).to.be.within(16, 33)
      expect(dag.asked).to.have.lengthOf(201)
    })

    it('a bounded number of bytes', async () => {
      const root = fileOf(40, 0, 1 << 20)
      await cidsOf(dag, root.cid, {}, 20)
      expect(dag.asked.length, 'not all of 1 MiB').to.be.below(20 + 1 + 6)
    })

    it('no block twice, however often it is linked', async () => {
      await cidsOf(dag, dag.file(Array(500).fill(dag.leaf(1))).cid)
      expect(dag.asked).to.have.lengthOf(2)
    })

    it('few siblings of a block that has links', async () => {
      const inner = Array.from({ length: 100 }, (_, i) => fileOf(50, 100 * i))
      await cidsOf(dag, dag.file(inner).cid, {}, 40)
      const ahead = new Set(dag.asked.map(String))
      expect(inner.filter(({ cid }) => ahead.has(`${cid}`)).length).to.be.at.most(6)
    })
  })

  describe('of a hostile DAG', () => {
    it('that expands to 2 ** 60 blocks yields each once', async () => {
      const root = fourfold(30)
      expect(await cidsOf(dag, root.cid)).to.have.lengthOf(31)
      expect(await cidsOf(dag, root.cid, { expand: expandEntity() })).to.have.lengthOf(31)
    })

    it('that expands to 2 ** 42 bytes needs few blocks for a range', async () => {
      const root = fourfold(20)
      expect(await cidsOf(dag, root.cid, { expand: expandEntity({ from: 5, to: 2 ** 41 }) })).to.have.lengthOf(21)
      expect(dag.asked.length).to.be.below(200)
    })

    it('whose duplicates are wanted keeps little, and fetches no more than is read', async () => {
      const budget = createBudget(1000)
      expect(await cidsOf(dag, fourfold(30).cid, { duplicates: true, share: budget.share() }, 5000)).to.have.lengthOf(5000)
      expect(dag.asked.length).to.be.below(5200)
    })

    it('that is too wide ends with an error, and other walks continue', async () => {
      const budget = createBudget(1000)
      const [large, small] = [fileOf(600), fileOf(100)]
      const share = budget.share()
      await expect(cidsOf(dag, large.cid, { share })).to.eventually.be.rejected.with.property('name', 'DagLimitError')
      expect(await cidsOf(dag, small.cid, { share: budget.share() })).to.have.lengthOf(101)
    })

    it('that is too deep ends with an error', async () => {
      let node = dag.leaf(1)

      for (let i = 0; i < 1100; i++) {
        node = dag.file([node])
      }

      const cids: string[] = []
      await expect((async () => {
        for await (const { cid } of walk({ root: { cid: node.cid }, expand: expandAll, duplicates: false, get: dag.get, share: createBudget(UNBOUNDED).share() })) {
          cids.push(`${cid}`)
        }
      })()).to.eventually.be.rejected.with.property('name', 'DagLimitError')
      expect(cids).to.have.lengthOf(1024)
    })

    it('with a block that its codec cannot decode ends with an error', async () => {
      const broken = CID.createV1(0x70, dag.raw(Uint8Array.of(255, 255)).multihash)
      dag.blocks.set(`${broken}`, Uint8Array.of(255, 255))
      const root = dag.directory({ broken })
      await expect(cidsOf(dag, root)).to.eventually.be.rejected.with.property('name', 'DagDecodeError')
      await expect(cidsOf(dag, broken)).to.eventually.be.rejected.with.property('name', 'DagDecodeError')
    })

    it('with a CBOR block that is nested as deep as it is long ends with an error', async () => {
      const bytes = new Uint8Array(2 << 20).fill(0x81)
      const nested = CID.createV1(0x71, dag.raw(bytes).multihash)
      dag.blocks.set(`${nested}`, bytes)
      await expect(cidsOf(dag, nested)).to.eventually.be.rejected.with.property('name', 'DagDecodeError')
    })
  })
})
