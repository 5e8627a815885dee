import { expect } from 'aegir/chai'
import { ScenarioError } from '../../src/errors.ts'
import { parameters } from '../../src/scenario/parameters.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { memberIds } from '../../src/scenario/schema.ts'
import { SCENARIOS } from '../../src/scenarios/index.ts'
import { findStrategies } from '../../src/strategies.ts'
import { scenarioOf } from '../harness.ts'
import type { Scenario } from '../../src/scenario/schema.ts'

function refused (change: Record<string, unknown>): string {
  try {
    parseScenario({ ...scenarioOf({}), ...change }, 'mine.ts')
  } catch (err) {
    expect(err).to.be.an.instanceOf(ScenarioError)

    return (err as Error).message
  }

  throw new Error('it was not refused')
}

describe('scenarios', () => {
  it('has defaults for all omitted parameters', () => {
    const { members: [member], buckets, warmup } = parseScenario(scenarioOf({}))
    expect({ buckets, warmup }).to.deep.equal({ buckets: 60, warmup: 0 })
    expect(member).to.include({ weight: 1, network: 1, service: 5, holds: 1 })
  })

  it('says which parameter is wrong, where, and what is expected', () => {
    expect(refused({ duration: -1 })).to.match(/^mine\.ts: duration: .*>0/)
    expect(refused({ members: [{ id: 'a', service: { kind: 'normal', mean: 3 } }] })).to.match(/members\[0\]\.service: must be a number .* lognormal/)
    expect(refused({ members: [{ id: 'a', holds: 2 }] })).to.match(/members\[0\]\.holds: /)
    expect(refused({ members: [{ id: 'a b' }] })).to.match(/members\[0\]\.id: write letters/)
    expect(refused({ members: [] })).to.match(/members: /)
    expect(refused({ clients: [{ id: 'p', arrivals: { kind: 'sometimes' }, popularity: { kind: 'new' } }] })).to.match(/clients\[0\]\.arrivals\.kind: .*poisson/)
    expect(refused({ warmup: 60_000 })).to.match(/warmup: must be shorter/)
    expect(refused({ limits: { cancelAfter: 3 } })).to.match(/no option "cancelAfter", only wantsPerClient/)
    expect(refused({ variants: { odd: { cancelAfter: 3 } } })).to.match(/no option "cancelAfter"/)
  })

  it('refuses unknown parameters', () => {
    expect(refused({ length: 3 })).to.match(/"length"/)
    expect(refused({ members: [{ id: 'a', latency: 3 }] })).to.match(/members\[0\]: .*"latency"/)
  })

  it('reports all mistakes at once', () => {
    expect(refused({ duration: -1, buckets: 0.5 })).to.match(/duration: .*; buckets: /)
  })

  it('refuses names that occur twice', () => {
    expect(refused({ members: [{ id: 'a', count: 2 }, { id: 'a-2' }] })).to.match(/two members are called "a-2"/)
    expect(refused({ clients: [...scenarioOf({}).clients, ...scenarioOf({}).clients] })).to.match(/two groups are called "peer"/)
  })

  it('names members by their count', () => {
    expect(memberIds(parseScenario(scenarioOf({ members: [{ id: 'a', count: 2 }, { id: 'b' }] })))).to.deep.equal(['a-1', 'a-2', 'b'])
  })
})

describe('built-in scenarios', () => {
  for (const scenario of SCENARIOS) {
    it(`${scenario.name} is valid, and each of its parameters is described`, async () => {
      const full = parseScenario(scenario)
      const undescribed = parameters(full).filter(({ about }) => about === '').map(({ name }) => name)
      // the numbers of a distribution are explained with its kind
      expect(undescribed.filter(name => !name.endsWith('.kind'))).to.deep.equal([])
      expect(await findStrategies(full.strategies)).to.have.length(full.strategies.length)
      expect(scenario.title).to.match(/[.?]$/)
    })
  }

  it('have their own names', () => {
    expect(new Set(SCENARIOS.map(({ name }: Scenario) => name)).size).to.equal(SCENARIOS.length)
  })
})
