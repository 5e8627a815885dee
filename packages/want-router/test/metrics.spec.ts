import { expect } from 'aegir/chai'
import { createEngine } from '../src/engine/engine.ts'
import { registerMetrics } from '../src/metrics.ts'
import { entry, inOrder, testBlock } from './engine/harness.ts'
import { fakeMetrics } from './fake-metrics.ts'
import type { Values } from './fake-metrics.ts'
import type { Engine, Input } from '../src/engine/io.ts'
import type { EngineStatus } from '../src/engine/status.ts'
import type { NetworkStats } from '../src/network/stats.ts'
import type { PolicyStatus } from '../src/policies/policy.ts'
import type { Metrics } from '@libp2p/interface'

describe('metrics of members', () => {
  const up = 'kitsune_router_member_up'
  const asks = 'kitsune_router_member_asks_total'
  const answers = 'kitsune_router_member_first_answer_seconds'
  const asked = (...values: number[]): Values => Object.fromEntries(values.map((value, i) => [['a', 'b'][i], value]))

  function setUp (): { put (...inputs: Input[]): void, scrape (): Record<string, Values>, want (n: number): void } {
    const { metrics, scrape } = fakeMetrics()
    const { attemptEnded } = registerMetrics(metrics, { status: () => engine.status(), policies: () => [], network: () => ({}) as NetworkStats, dropped: () => 0 })
    const engine: Engine = createEngine({ members: [{ id: 'a' }, { id: 'b' }], strategy: inOrder, now: () => 0, randomSeed: 0, seed: 0 })
    engine.watchAttempts(attemptEnded)

    const put = (...inputs: Input[]): void => {
      inputs.forEach(input => { engine.put(input) })
      engine.flush({ ask () {}, cancel () {}, ready () {}, close () {}, reset () {} })
    }

    put({ t: 'up', member: 'a' }, { t: 'up', member: 'b' })

    return { put, scrape, want (n) { put({ t: 'message', client: 'p', wants: [entry(testBlock(n))], full: false }) } }
  }

  it('count on from one scrape to the next, and through a lost connection', () => {
    const { put, scrape, want } = setUp()
    want(1)
    expect(scrape()[asks]).to.deep.equal(asked(1, 0))
    put({ t: 'down', member: 'a' })
    put({ t: 'up', member: 'a' })
    want(2)
    expect(scrape()[asks]).to.deep.equal(asked(2, 1))
  })

  it('of a removed member go with it, and those of the others do not change', () => {
    const { put, scrape, want } = setUp()
    want(1)
    scrape()
    put({ t: 'remove', member: 'a' })
    const { [up]: ups, [asks]: counts } = scrape()
    expect(ups).to.deep.equal({ b: 1 })
    expect(counts).to.deep.equal({ b: 1 })
  })

  it('of the times of a removed member go with it, at the scrape that shows it gone', () => {
    const { put, scrape, want } = setUp()
    want(1)
    put({ t: 'answer', member: 'a', key: testBlock(1).key, answer: 'dont-have' })
    put({ t: 'answer', member: 'b', key: testBlock(1).key, answer: 'dont-have' })
    expect(scrape()[answers]).to.deep.equal({ a: 1, b: 1 })
    put({ t: 'remove', member: 'a' })
    expect(scrape()[answers]).to.deep.equal({})
    want(2)
    put({ t: 'answer', member: 'b', key: testBlock(2).key, answer: 'dont-have' })
    expect(scrape()[answers]).to.deep.equal({ b: 1 })
  })

  it('start at 0 for another member that takes the name', () => {
    const { put, scrape, want } = setUp()
    want(1)
    want(2)
    scrape()
    put({ t: 'remove', member: 'a' })
    put({ t: 'add', member: 'a' }, { t: 'up', member: 'a' })
    want(3)
    expect(scrape()[asks]).to.deep.equal(asked(1, 2))
  })
})

describe('metrics of policies', () => {
  it('add up what one does in both directions, and count on', () => {
    const groups = new Map<string, () => Values>()
    const metrics = {
      registerMetric () {},
      registerCounter () {},
      registerMetricGroup () {},
      registerHistogram () {},
      registerHistogramGroup () {},
      registerCounterGroup (name: string, { calculate }: { calculate? (): Values }) {
        if (calculate != null) {
          groups.set(name, calculate)
        }
      }
    } as unknown as Metrics
    const status = (name: string, refused: number): PolicyStatus => ({ name, refused, restricted: 0, errors: 0, timeouts: 0 })
    let policies = [status('denylist', 2), status('rate', 1), status('denylist', 3)]
    registerMetrics(metrics, { status: () => ({}) as EngineStatus, policies: () => policies, network: () => ({}) as NetworkStats, dropped: () => 0 })
    const refusals = groups.get('kitsune_router_policy_refusals_total')
    expect(refusals?.()).to.deep.equal({ denylist: 5, rate: 1 })
    policies = [status('denylist', 2), status('rate', 4), status('denylist', 4)]
    expect(refusals?.()).to.deep.equal({ denylist: 1, rate: 3 })
  })
})
