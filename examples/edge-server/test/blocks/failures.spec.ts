import { HashMismatchError, StoreUnavailableError } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { countFailures } from '../../src/blocks/failures.ts'
import { blockOf } from '../support/cars.ts'
import type { BlockSource } from '@kitsune/block-source'

describe('countFailures', () => {
  const failing = (error: Error): BlockSource => ({
    get: async () => { throw error },
    stat: async () => { throw error },
    async * getMany (cids) {
      for (const cid of cids) {
        yield { cid, error }
      }
    }
  })

  it('counts each failure by its name, and passes it on', async () => {
    const { cid } = await blockOf('a')
    const failures = new Map<string, number>()
    const down = countFailures(failing(new StoreUnavailableError('503')), failures)
    await expect(down.get(cid)).to.eventually.be.rejectedWith('503')
    await expect(down.stat?.(cid) ?? Promise.resolve()).to.eventually.be.rejectedWith('503')

    for await (const { error } of down.getMany?.([cid, cid]) ?? []) {
      expect(error?.message).to.equal('503')
    }

    const several = new AggregateError([new StoreUnavailableError('503'), new HashMismatchError('wrong')])
    await expect(countFailures(failing(several), failures).get(cid)).to.eventually.be.rejected()
    expect([...failures]).to.deep.equal([['StoreUnavailableError', 5], ['HashMismatchError', 1]])
  })

  it('does not count aborted reads', async () => {
    const { cid } = await blockOf('a')
    const failures = new Map<string, number>()
    await expect(countFailures(failing(new Error('no longer wanted')), failures).get(cid, { signal: AbortSignal.abort() })).to.eventually.be.rejected()
    expect(failures.size).to.equal(0)
  })

  it('has a bounded number of names', async () => {
    const { cid } = await blockOf('a')
    const failures = new Map<string, number>()

    for (let i = 0; i < 100; i++) {
      await countFailures(failing(Object.assign(new Error('x'), { name: `E${i}` })), failures).get(cid).catch(() => {})
    }

    expect(failures.size).to.equal(33)
    expect(failures.get('Error')).to.equal(68)
  })

  it('does not change successful reads, and has the methods that the source has', async () => {
    const { cid, bytes } = await blockOf('a')
    const failures = new Map<string, number>()
    const source = countFailures({ complete: false, get: async () => bytes }, failures)
    expect(source).to.have.property('complete', false)
    expect(source).to.not.have.any.keys('getMany', 'stat')
    expect(await source.get(cid)).to.equal(bytes)
    expect(failures.size).to.equal(0)
  })
})
