import { expect } from 'aegir/chai'
import { closure, workspaces } from '../lib/workspaces.mjs'

describe('workspaces', () => {
  it('puts each workspace after its dependencies', () => {
    const all = workspaces()

    expect(all.map(({ path }) => path)).to.include.members(['packages/bitswap-codec', 'packages/want-router', 'examples/balancer', 'docs'])

    for (const [i, { siblings }] of all.entries()) {
      expect(all.slice(0, i)).to.include.members(siblings)
    }
  })

  it('includes all dependencies', () => {
    expect(closure(['@kitsune/want-router']).map(({ name }) => name)).to.deep.equal(['@kitsune/bitswap-codec', '@kitsune/kubo-rpc', '@kitsune/want-router'])
  })

  it('lists the existing workspaces when asked for another', () => {
    expect(() => closure(['nothing'])).to.throw('there is no workspace nothing').with.property('message').that.includes('@kitsune/want-router')
  })
})
