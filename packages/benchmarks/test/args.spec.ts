import { expect } from 'aegir/chai'
import { parseOptions } from '../src/args.ts'
import { UsageError } from '../src/errors.ts'

describe('args', () => {
  it('measures everything in five pairs unless told otherwise', () => {
    expect(parseOptions([])).to.deep.include({
      only: ['256k-32', '1k-1', '1k-32', '1k-256', 'codec', 'picks', 'floor', 'block-source', 'scale', 'far-20', 'far-20-gigabit', 'far-100', 'far-250', 'edge-256k', 'edge-1k', 'edge-first', 'edge-crowd', 'edge-200', 'edge-200-collected', 'http-256k', 'http-1k', 'preload-helia', 'preload-kubo', 'slow-node', 'black-hole', 'hot-key'],
      subjects: ['balancer', 'naive', 'direct', 'edge'],
      pairs: 5,
      scaleRuns: 3,
      quick: false
    })
  })

  it('keeps the order of the table, whatever the order in which names were given', () => {
    expect(parseOptions(['--only', '1k-32, 256k-32']).only).to.deep.equal(['256k-32', '1k-32'])
  })

  it('takes one word for all scenarios of strategies, and one for all distances', () => {
    expect(parseOptions(['--only', 'distance']).only).to.deep.equal(['far-20', 'far-20-gigabit', 'far-100', 'far-250'])
    expect(parseOptions(['--only', 'codec,strategies']).only).to.deep.equal(['codec', 'slow-node', 'black-hole', 'hot-key'])
  })

  it('does one run when the figures are not for publishing', () => {
    expect(parseOptions(['--quick'])).to.deep.include({ quick: true, pairs: 1 })
    expect(parseOptions(['--quick', '--pairs', '3'])).to.deep.include({ quick: true, pairs: 3, scaleRuns: 3 })
  })

  it('profiles the balancer alone unless subjects are named', () => {
    expect(parseOptions(['--profile'])).to.deep.include({ profile: '.', subjects: ['balancer'], pairs: 1 })
    expect(parseOptions(['--profile', '--quick'])).to.deep.include({ profile: '.', quick: true })
    expect(parseOptions(['--profile=out', '--subjects', 'naive'])).to.deep.include({ profile: 'out', subjects: ['naive'] })
  })

  for (const [args, message] of [
    [['--only', '2k-1'], /--only: there is no "2k-1"/],
    [['--subjects', 'kubo'], /--subjects: there is no "kubo"/],
    [['--pairs', '0'], /--pairs: "0" is not a whole number above 0/],
    [['--pairs', 'many'], /--pairs: "many"/],
    [['--fast'], /--fast/]
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => parseOptions(args)).to.throw(UsageError, message)
    })
  }
})
