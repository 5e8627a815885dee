import { leastLoaded, rendezvous } from '@kitsune/want-router'
import { strategyTests } from '@kitsune/want-router/testing'
import { expect } from 'aegir/chai'
import { modulo } from '../../src/baselines/modulo.ts'
import { twoChoices } from '../../src/baselines/two-choices.ts'
import type { TestRunner } from '@kitsune/want-router/testing'

/** A law that is skipped must be broken: otherwise there is no reason to skip it. */
const test: TestRunner = {
  describe: (title, body) => describe(title, body),
  it: Object.assign((title: string, body: () => void | Promise<void>) => it(title, body), {
    skip: (title: string, body: () => void | Promise<void>) => it(`does not keep ${title}`, async () => {
      await expect((async () => body())()).to.eventually.be.rejected()
    })
  })
}

describe('baselines', () => {
  describe('modulo', () => {
    const why = 'it counts places in the list, which is its flaw'
    strategyTests(modulo(), { test, laws: { shares: why, 'shares-under-load': why, 'input-order': why, 'minimal-disruption': why } })
  })

  for (const [name, inner] of Object.entries({ 'least-loaded': leastLoaded(), rendezvous: rendezvous() })) {
    describe(`two-choices(${name})`, () => {
      const blind = 'it draws without regard to weights'
      const random = 'it draws at random'
      strategyTests(twoChoices(inner), { test, laws: { shares: blind, 'shares-under-load': blind, 'input-order': random, 'minimal-disruption': random } })
    })
  }
})
