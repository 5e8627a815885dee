import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { createDirection } from '../src/direction.ts'
import { createVerifier } from '../src/driver/verifier.ts'
import { createEngine } from '../src/engine/engine.ts'
import type { DirectionInit } from '../src/direction.ts'
import type { EngineInit } from '../src/engine/engine-init.ts'
import type { Policy } from '../src/policies/policy.ts'

/** Whether the engine of such a direction reports how wants end; undefined: always. */
function endsWanted (init: Partial<DirectionInit>): boolean | undefined {
  let made: EngineInit | undefined
  createDirection({
    seed: 0,
    verify: createVerifier(),
    own: new Set(),
    options: {},
    members: [],
    log: defaultLogger().forComponent('test'),
    upstream: { wake () {}, disconnect () {} },
    downstream: { connect: async () => Promise.reject(new Error('not in this test')), wake () {}, disconnect () {} },
    engine: init => {
      made = init

      return createEngine(init)
    },
    ...init
  })

  return made?.wantsEnds?.()
}

describe('a direction: how wants end', () => {
  const policy: Policy = { name: 'any', admit: () => 'pass' }

  it('is not reported if nothing listens', () => {
    expect(endsWanted({})).to.equal(false)
    expect(endsWanted({ options: { policies: [policy] } })).to.equal(false)
  })

  it('is reported while a listener wants it', () => {
    expect(endsWanted({ onEnded () {}, wantsEnds: () => false })).to.equal(false)
    expect(endsWanted({ onEnded () {}, wantsEnds: () => true })).to.equal(true)
  })

  it('is always reported if a policy is told of it', () => {
    expect(endsWanted({ options: { policies: [{ ...policy, settled () {} }] }, onEnded () {}, wantsEnds: () => false })).to.equal(undefined)
  })
})
