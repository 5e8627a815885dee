import { createQuietLogger } from '@kitsune/host'
import { expect } from 'aegir/chai'
import { Counter, register, Registry } from 'prom-client'
import { createMetrics } from '../../src/admin/metrics.ts'

describe('metrics', () => {
  afterEach(() => {
    register.clear()
  })

  it('are separate for each balancer in a process', async () => {
    const [a, b] = [new Registry(), new Registry()]
    const first = createMetrics(a, createQuietLogger()).registerCounter('kitsune_test_total')
    const second = createMetrics(b, createQuietLogger()).registerCounter('kitsune_test_total')
    first.increment(3)
    second.increment(5)

    expect(await a.metrics()).to.match(/^kitsune_test_total 3$/m)
    expect(await b.metrics()).to.match(/^kitsune_test_total 5$/m)
  })

  it('leave the global registry unchanged', async () => {
    const mine = new Counter({ name: 'mine_total', help: 'of the embedding program' })
    mine.inc(7)
    createMetrics(new Registry(), createQuietLogger())

    expect(register.getMetricsAsArray().map(({ name }) => name)).to.deep.equal(['mine_total'])
    expect(await register.metrics()).to.include('mine_total 7')
  })

  it('include those of the process', async () => {
    const registry = new Registry()
    createMetrics(registry, createQuietLogger())

    expect(await registry.metrics()).to.match(/^process_cpu_seconds_total /m).and.match(/^nodejs_eventloop_lag_p99_seconds /m)
  })
})
