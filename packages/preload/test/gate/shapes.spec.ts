import { expect } from 'aegir/chai'
import { DEFAULT_PRELOAD_LIMITS } from '../../src/defaults.ts'
import { createGate } from '../../src/gate/gate.ts'
import { leaf, node, value } from '../support/dag.ts'
import type { TestBlock } from '../support/dag.ts'

const MANY = 100_000

describe('gate: DAGs of hostile shapes', function () {
  this.timeout(60_000)

  /** Passes the blocks to an open request in that order, until it fails. Returns how many it got, why it failed, and how much memory it used. */
  const pass = (blocks: readonly TestBlock[]): { passed: number, error: string | undefined, linkBytes: number, after: number } => {
    const gate = createGate()
    let error: Error | undefined
    const passage = gate.open({ roots: [blocks[0].cid], maxDepth: -1, failed: err => { error = err } })
    passage.addClient('x')
    let passed = 0
    let linkBytes = 0

    for (const block of blocks) {
      if (error == null) {
        gate.policy.verified?.(block)
        linkBytes = Math.max(linkBytes, gate.status().linkBytes)
        passed++
      }
    }

    passage.close()

    return { passed, error: error?.name, linkBytes, after: gate.status().linkBytes }
  }

  it('a chain of 100,000 links ends the request at the depth limit', async () => {
    const chain = [await leaf('the deepest')]

    for (let i = 0; i < MANY; i++) {
      chain.push(await value([chain[i].cid]))
    }

    const { passed, error, linkBytes, after } = pass(chain.reverse())

    expect([passed, error, after]).to.deep.equal([DEFAULT_PRELOAD_LIMITS.depth + 1, 'BudgetError', 0])
    expect(linkBytes).to.be.below(4 << 20)
  })

  it('a block with 100,000 links needs little memory', async () => {
    const leaves = await Promise.all(Array.from({ length: MANY }, async (_, i) => leaf(`${i}`)))
    const { passed, error, linkBytes, after } = pass([await value(leaves.map(({ cid }) => cid)), ...leaves])

    expect([passed, error, after]).to.deep.equal([MANY + 1, undefined, 0])
    expect(linkBytes).to.be.below(8 << 20)
  })

  it('blocks that many blocks link to count once, here on 10^30 paths', async () => {
    const levels = [await leaf('below all')]

    for (let i = 0; i < 100; i++) {
      levels.push(await node(levels[i], levels[i]))
    }

    const { passed, error, linkBytes } = pass(levels.reverse())

    expect([passed, error]).to.deep.equal([101, undefined])
    expect(linkBytes).to.be.below(16 << 10)
  })
})
