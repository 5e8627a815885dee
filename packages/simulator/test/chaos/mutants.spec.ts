import { readFileSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { INVARIANTS } from '../../src/chaos/invariants.ts'
import { caughtBy, tryMutant } from '../../src/chaos/mutant-search.ts'
import { MUTANTS } from './mutants.ts'

const FULL = process.env.KITSUNE_FULL === '1'
// the full search
const SEEDS = 1000

const SEARCH = 'npm run chaos -- --mutants packages/simulator/test/chaos/mutants.ts --json packages/simulator/test/chaos/mutant-seeds.json'
const seeds: Partial<Record<string, number>> = JSON.parse(readFileSync(new URL('mutant-seeds.json', import.meta.url), 'utf8'))

describe('chaos: mutants', function () {
  this.timeout(FULL ? 1_800_000 : 300_000)

  for (const mutant of MUTANTS) {
    const { name } = mutant

    if (FULL) {
      it(`finds in ${SEEDS} runs that ${name}`, async () => {
        const caught = await tryMutant(mutant, 1, SEEDS)

        expect(caught.named, caughtBy(caught)).to.equal(true)
      })
      continue
    }

    it(`finds that ${name}`, async () => {
      const seed = seeds[name]

      if (seed == null) {
        throw new Error(`no seed is stored that catches it. Search for one: ${SEARCH}`)
      }

      const caught = await tryMutant(mutant, seed, 1)

      expect(caught.named, `seed ${seed} no longer catches it: ${caughtBy(caught)}. Search for another: ${SEARCH}`).to.equal(true)
    })
  }

  it('have distinct names, and no seed is stored for others', () => {
    const names = MUTANTS.map(({ name }) => name)

    expect(new Set(names).size).to.equal(names.length)
    expect(Object.keys(seeds).filter(name => !names.includes(name)), SEARCH).to.deep.equal([])
  })

  it('break every invariant', () => {
    const broken = new Set(MUTANTS.flatMap(({ breaks }) => breaks))

    expect(Object.keys(INVARIANTS).filter(invariant => !broken.has(invariant as keyof typeof INVARIANTS))).to.deep.equal([])
  })
})
