import { expect } from 'aegir/chai'
import { LAWS } from '../../src/chaos/laws.ts'
import { runSeeds } from '../../src/chaos/pool.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import type { Plant } from '../../src/chaos/plant.ts'
import type { BatchResult } from '../../src/chaos/pool.ts'

const SEEDS = 1000
const THREADS = 2

describe('chaos: planted bugs', function () {
  this.timeout(300_000)

  const results = new Map<Plant, Promise<BatchResult>>()

  before(() => {
    // one after another on each thread; each test waits for its own
    const lines = Array.from({ length: THREADS }, async () => {})
    for (const [i, bug] of PLANTED_BUGS.entries()) {
      const result = lines[i % THREADS].then(async () => runSeeds({ first: 1, count: SEEDS, threads: 1, bug }))
      lines[i % THREADS] = result.then(() => {}, () => {})
      results.set(bug, result)
    }
  })

  for (const bug of PLANTED_BUGS) {
    it(`finds that ${bug.name}`, async () => {
      const result = await results.get(bug)
      const [failure] = result?.failures ?? []

      expect(failure?.broken, `no law was broken in ${result?.ran} histories`).to.not.equal(undefined)
      expect(bug.laws, failure.broken?.message).to.include(failure.broken?.law)
    })
  }

  it('has one for every law', () => {
    const broken = new Set(PLANTED_BUGS.flatMap(({ laws }) => laws))

    expect(Object.keys(LAWS).filter(law => !broken.has(law as keyof typeof LAWS))).to.deep.equal([])
  })
})
