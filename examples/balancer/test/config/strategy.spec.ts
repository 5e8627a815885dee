import { expect } from 'aegir/chai'
import { checkStrategy, loadStrategy } from '../../src/config/strategy.ts'
import { ConfigError } from '../../src/errors.ts'

describe('strategies of a configuration', () => {
  it('that are modules are not loaded before the balancer starts', async () => {
    expect(() => { checkStrategy('./nowhere.mjs') }).to.not.throw()
    await expect(loadStrategy('./nowhere.mjs')).to.eventually.be.rejectedWith(ConfigError, /nowhere\.mjs cannot be imported/)
  })

  it('that do not accept a node are refused before anything starts, with the node and the reason', async () => {
    const nodes = [{ id: 'a', labels: { tier: '0' } }, { id: 'b', labels: { tier: 'cache' } }]
    await expect(loadStrategy('tiers(rendezvous)', nodes)).to.eventually.be.rejectedWith(ConfigError, 'tiers: the label tier of b must be a number, lower first, not "cache"')
    await expect(loadStrategy('rendezvous', nodes)).to.eventually.be.a('function')
  })

  it('that are unknown are refused, with the list of strategies and how to use a custom one', () => {
    expect(() => { checkStrategy('luck') }).to.throw(ConfigError, /there is no "luck" .+rendezvous.+as in \.\/my-strategy\.js$/)
  })
})
