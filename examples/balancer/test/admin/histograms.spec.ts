import { expect } from 'aegir/chai'
import { Histogram, Registry } from 'prom-client'
import { createHistograms } from '../../src/admin/histograms.ts'

const buckets = [0.01, 0.1, 1]
const values = [0, 0.01, 0.011, 0.5, 1, 7]

/** The lines of a registry in alphabetical order, since their order within a metric does not matter. */
async function lines (registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split('\n').filter(line => line !== '').sort()
}

describe('histograms', () => {
  it('are printed as prom-client prints its own', async () => {
    const [mine, theirs] = [new Registry(), new Registry()]
    const { registerHistogram, registerHistogramGroup } = createHistograms(mine)
    const plain = registerHistogram('wait_seconds', { help: 'how long', buckets })
    const group = registerHistogramGroup('member_wait_seconds', { help: 'of whom', label: 'member', buckets })
    const theirPlain = new Histogram({ name: 'wait_seconds', help: 'how long', buckets, registers: [theirs] })
    const theirGroup = new Histogram({ name: 'member_wait_seconds', help: 'of whom', labelNames: ['member'], buckets, registers: [theirs] })

    expect(await lines(mine)).to.deep.equal(await lines(theirs))

    for (const value of values) {
      plain.observe(value)
      theirPlain.observe(value)
      group.observe({ 'http://a:5001': value, b: 2 * value })
      theirGroup.observe({ member: 'http://a:5001' }, value)
      theirGroup.observe({ member: 'b' }, 2 * value)
    }

    expect(await lines(mine)).to.deep.equal(await lines(theirs))
  })

  it('measure times, and count from 0 after a reset', async () => {
    const registry = new Registry()
    const { registerHistogram, registerHistogramGroup } = createHistograms(registry)
    const plain = registerHistogram('wait_seconds')
    const group = registerHistogramGroup('member_wait_seconds', { label: 'member' })
    plain.timer()()
    group.timer('a')()

    expect(await registry.metrics()).to.match(/^wait_seconds_count 1$/m).and.match(/^member_wait_seconds_count\{member="a"\} 1$/m)
    plain.reset()
    group.reset()
    expect(await registry.metrics()).to.match(/^wait_seconds_count 0$/m).and.match(/^wait_seconds_bucket\{le="\+Inf"\} 0$/m)
  })
})
