import { expect } from 'aegir/chai'
import { registerLatencyMetrics } from '../src/latency-metrics.ts'
import { bench, entry, testBlock } from './engine/harness.ts'
import type { Bench } from './engine/harness.ts'
import type { Metrics } from '@libp2p/interface'

type Observed = number | Record<string, number>

/** A bench whose times are observed, and the observed values by histogram. */
function observed (): { b: Bench, values: Record<string, Observed[]> } {
  const values: Record<string, Observed[]> = {}

  const register = (name: string): { observe (value: Observed): void } => {
    const list: Observed[] = values[name.replace('kitsune_router_', '')] = []

    return { observe (value) { list.push(value) } }
  }

  const latencies = registerLatencyMetrics({ registerHistogram: register, registerHistogramGroup: register } as unknown as Metrics)
  const b = bench()
  b.engine.watchAttempts(latencies.attemptEnded)
  const { flush } = b.engine
  b.engine.flush = out => { flush({ ...out, ended: latencies.ended }) }

  return { b, values }
}

describe('latency metrics', () => {
  const block = testBlock(1)

  it('are the times to a first answer and to the block, of a client and of the member that was asked', () => {
    const { b, values } = observed()
    b.want('p', entry(block, { wantType: 'have' }))
    b.now += 3
    b.answer('a', block, 'have')
    b.now += 10
    b.want('p', entry(block))
    b.now += 40
    b.block('a', block)

    expect(values).to.deep.equal({
      first_answer_seconds: [0.003],
      block_seconds: [0.04],
      member_first_answer_seconds: [{ a: 0.003 }, { a: 0.04 }],
      member_block_seconds: [{ a: 0.04 }]
    })
  })

  it('count a DONT_HAVE as an answer, when its want has ended', () => {
    const { b, values } = observed()
    b.want('p', entry(block))
    b.now += 3
    b.answer('a', block, 'dont-have')
    b.now += 4
    b.answer('b', block, 'dont-have')
    b.now += 100
    expect(values.first_answer_seconds).to.be.empty()
    b.want('p', entry(block, { cancel: true }))

    expect(values).to.deep.equal({
      first_answer_seconds: [0.007],
      block_seconds: [],
      member_first_answer_seconds: [{ a: 0.003 }, { b: 0.004 }],
      member_block_seconds: []
    })
  })

  it('leave out wants without an answer: a failure, a want that was taken back, an attempt that was', () => {
    const { b, values } = observed()
    b.want('p', entry(block))
    b.answer('a', block, 'failed')
    b.want('q', entry(testBlock(2)))
    b.answer('a', testBlock(2), 'unknown')
    b.engine.put({ t: 'gone', client: 'p' })
    b.engine.put({ t: 'gone', client: 'q' })
    b.flush()

    expect(Object.values(values).flat()).to.be.empty()
  })
})
