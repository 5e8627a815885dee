import { expect } from 'aegir/chai'
import { runHistory } from '../../src/chaos/history.ts'
import { runSeeds } from '../../src/chaos/pool.ts'

const SEEDS = 1000
const THREADS = 2

describe('chaos', function () {
  this.timeout(300_000)

  it(`breaks no law in ${SEEDS} histories`, async () => {
    const { ran, failures } = await runSeeds({ first: 1, count: SEEDS, threads: THREADS })

    expect(failures.map(({ seed, broken }) => `npm run chaos -- --seed ${seed}: ${broken?.law}: ${broken?.message}`)).to.deep.equal([])
    expect(ran).to.equal(SEEDS)
  })

  it('replays a seed exactly', () => {
    const [first, second] = [[], []].map((lines: string[]) => {
      const result = runHistory(7, { trace: line => { lines.push(line) } })

      return { result, lines }
    })

    expect(first.lines.length).to.be.above(100)
    expect(second).to.deep.equal(first)
  })
})
