import { BudgetExceededError, createBudget } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { createRequestBudget } from '../../src/blocks/request-budget.ts'
import { blockOf } from '../support/cars.ts'
import type { BlockSource } from '@kitsune/block-source'

describe('createRequestBudget', () => {
  it('charges each request for its own reads, although they share a source', async () => {
    const { cid, bytes } = await blockOf('a')
    const budget = createRequestBudget()

    const read = async (): Promise<Uint8Array> => {
      await Promise.resolve()
      budget.spend('read')

      return bytes
    }

    const shared: BlockSource = {
      get: read,
      stat: async () => ({ size: (await read()).byteLength }),
      async * getMany (cids) {
        for (const cid of cids) {
          yield { cid, bytes: await read() }
        }
      }
    }
    const [mine, theirs] = [createBudget({ limit: 6 }), createBudget({ limit: 1 })]
    const [a, b] = [budget.charge(shared, mine), budget.charge(shared, theirs)]

    const batch = a.getMany?.([cid, cid, cid]) ?? []
    await Promise.all([a.get(cid), b.get(cid), a.stat?.(cid)])

    for await (const result of batch) {
      expect(result.bytes).to.equal(bytes)
    }

    expect([mine.left, theirs.left]).to.deep.equal([1, 0])
    await expect(b.get(cid)).to.be.rejectedWith(BudgetExceededError)
    expect(await a.get(cid)).to.equal(bytes)
  })

  it('spends nothing outside of a request', () => {
    const budget = createRequestBudget()
    budget.spend('read')

    expect(budget.left).to.equal(Infinity)
  })
})
