import { expect } from 'aegir/chai'
import { failures, parseSummary, summary, total } from '../lib/results.mjs'

/** @import { Suite } from '../lib/types.ts' */

/**
 * @param {number} passes
 * @param {number} failures
 * @param {number} pending
 * @param {number} code
 * @returns {Suite & Required<Pick<Suite, 'results'>>}
 */
function suite (passes, failures, pending, code = failures > 0 ? 1 : 0) {
  return { name: 'suite', time: '1 s', code, results: { passes, failures, pending, tests: [] } }
}

describe('results', () => {
  it('adds up the counts of the runners', () => {
    expect(total([suite(3, 0, 1), suite(4, 2, 0)])).to.deep.equal({ passed: 7, failed: 2, skipped: 1 })
  })

  it('counts a runner that ended badly without a failing test as one failure', () => {
    expect(total([suite(3, 0, 0, 1)])).to.have.property('failed', 1)
    expect(total([suite(3, 2, 0, 1)])).to.have.property('failed', 2)
  })

  it('counts a runner that did not finish as one failure', () => {
    expect(total([{ name: 'crashed', time: '1 s', code: 0 }])).to.deep.equal({ passed: 0, failed: 1, skipped: 0 })
  })

  it('counts skipped tests as failures if tests may not be skipped', () => {
    expect(total([suite(3, 1, 2)], { skipIsFailure: true })).to.deep.equal({ passed: 3, failed: 3, skipped: 0 })
  })

  it('repeats the failures with their messages', () => {
    const failed = suite(1, 1, 0)

    failed.results.tests = [
      { title: 'works', state: 'passed', ms: 1 },
      { title: 'breaks', state: 'failed', ms: 1, error: 'Error: as it should\n    at some.spec.ts:3' }
    ]

    expect(failures([failed, { name: 'crashed', time: '1 s', code: 1 }])).to.deep.equal([
      'failed: suite: breaks\n  Error: as it should\n      at some.spec.ts:3'
    ])
  })

  it('ends in a line that can be read back', () => {
    for (const totals of [{ passed: 12, failed: 0, skipped: 0 }, { passed: 0, failed: 3, skipped: 4 }]) {
      expect(parseSummary(`1 passed, 1 failed\nnoise\n${summary(totals)}\n`)).to.deep.equal(totals)
    }

    expect(summary({ passed: 12, failed: 0, skipped: 0 })).to.equal('12 passed, 0 failed')
    expect(parseSummary('no counts')).to.equal(undefined)
  })
})
