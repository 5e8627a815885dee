import { expect } from 'aegir/chai'
import { DEFAULT_LIMITS } from '../../src/defaults.ts'
import { byteWindow, latencyEstimate, quantileEstimate, readWindow } from '../../src/engine/windows.ts'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'

describe('engine: latency estimates', () => {
  it('the least latency is that of the first sample, then of the quickest', () => {
    const latency = latencyEstimate(DEFAULT_LIMITS)
    expect(latency.least).to.equal(Infinity)
    latency.sample(100)
    expect(latency.least).to.equal(100)
    latency.sample(40)
    expect(latency.least).to.equal(40)
  })

  it('the least latency drifts up on a path that became longer, within some hundred samples', () => {
    const latency = latencyEstimate(DEFAULT_LIMITS)
    latency.sample(10)

    for (let i = 0; i < 1000; i++) {
      latency.sample(100)
    }

    expect(latency.least).to.be.within(90, 100)
  })
})

describe('engine: quantile estimates', () => {
  it('grow again after nothing but samples of 0 ms', () => {
    const estimate = quantileEstimate(0.95)

    for (let i = 0; i < 16; i++) {
      estimate.sample(0)
    }

    expect(estimate.value).to.equal(0)

    for (let i = 0; i < 200; i++) {
      estimate.sample(10)
    }

    expect(estimate.value).to.be.above(5)
  })
})

describe('engine: byte windows', () => {
  it('grow and shrink by what arrived, between their bounds, and can start again', () => {
    const window = byteWindow(4, 16)
    window.grow(5)
    expect(window.size).to.equal(9)
    window.grow(100)
    expect(window.size).to.equal(16)
    window.shrink(3)
    expect(window.size).to.equal(13)
    window.shrink(100)
    expect(window.size).to.equal(4)
    window.grow(1)
    window.reset()
    expect(window.size).to.equal(4)
  })
})

describe('engine: the window of a client', () => {
  const limits = { unsentPerClient: 100, inFlightPerClient: 1600 }

  it('grows by a whole burst that the client reads at once, however much of it waited', () => {
    const window = readWindow(limits)

    for (let waiting = 0; waiting < 500; waiting += 50) {
      window.queued(50, waiting, 10)
    }

    expect(window.size).to.equal(100)

    for (let waiting = 450; waiting >= 0; waiting -= 50) {
      window.taken(50, waiting, 12)
    }

    expect(window.size).to.equal(600)
  })

  it('shrinks by what arrives while a queue stands, and does not grow by what the client took from that queue', () => {
    const window = readWindow(limits)
    window.queued(900, 0, 0)
    window.taken(900, 0, 1)
    expect(window.size).to.equal(1000)
    window.queued(200, 0, 1000)
    window.queued(50, 200, 1200)
    expect(window.size).to.equal(1000)
    window.queued(50, 250, 1300)
    window.queued(50, 300, 1400)
    expect(window.size).to.equal(900)
    window.taken(350, 0, 1500)
    expect(window.size).to.equal(900)
  })

  it('stays between its bounds, and can start again', () => {
    const window = readWindow(limits)
    window.queued(10_000, 0, 0)
    window.taken(10_000, 0, 0)
    expect(window.size).to.equal(1600)
    window.reset()
    expect(window.size).to.equal(100)
  })

  it('is large for a far member whose blocks come in bursts', () => {
    const MIB = 1 << 20
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: MIB / 4 } })
    const wanted = Array.from({ length: 512 }, (_, i) => testBlock(i, MIB / 4))
    b.want('p', ...wanted.map(block => entry(block)))
    let most = 0

    for (let done = 0; done < wanted.length;) {
      const batch = b.asks.slice(done)
      most = Math.max(most, batch.length)
      b.pass(200)

      for (const { member, want } of batch) {
        const block = wanted.find(({ key }) => key === want.key)

        if (block != null) {
          b.engine.put({ t: 'block', member, key: block.key, bytes: block.bytes })
        }
      }

      done += batch.length
      b.flush()
      b.pass(5)
      b.take('p')
    }

    expect(most * MIB / 4).to.be.above(24 * MIB)
  })
})

describe('engine: a client that loses a copy of a block', () => {
  const SIZE = 2048

  it('starts again with the first window, however large its window was', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: SIZE, unsentPerClient: 5 * SIZE, inFlightPerClient: 64 * SIZE } })
    const wanted = Array.from({ length: 400 }, (_, i) => testBlock(i, SIZE))
    const open = (): number => b.engine.status().members[0].load.wants

    const deliver = (count: number): void => {
      for (let i = 0; i < count; i++) {
        b.block('a', wanted[next++])
      }
    }

    let next = 0
    b.want('p', ...wanted.map(block => entry(block)))

    for (let i = 0; i < 200; i++) {
      deliver(1)
      b.take('p')
    }

    expect(open(), 'it reads all that comes').to.be.within(50, 64)

    // and now nothing, and a block comes that was asked for on the account of another
    const shared = testBlock(1000, SIZE)
    b.want('q', entry(shared))
    b.want('p', entry(shared))
    deliver(10)
    b.block('a', shared)
    expect(b.engine.status().totals.copiesLost).to.be.above(0)
    deliver(open())
    // longer than a burst waits
    b.pass(300)
    b.take('p')
    b.take('q')
    expect(open()).to.be.within(1, 6)
  })
})

describe('engine: the byte window of a member', () => {
  const MIB = 1 << 20

  /** Serves a client that reads at once blocks of 256 KiB, each `ms()` after it was asked for. */
  function serve (b: Bench, count: number, ms: () => number): void {
    const wanted = Array.from({ length: count }, (_, i) => testBlock(b.asks.length + i, MIB / 4))
    const from = b.asks.length
    b.want('p', ...wanted.map(block => entry(block)))

    for (let i = from; i < b.asks.length; i++) {
      // what is open arrives together: a path that is long, not one that is busy
      const batch = b.asks.slice(i)
      b.pass(ms())

      for (const { member, want } of batch) {
        const block = wanted.find(({ key }) => key === want.key)

        if (block != null) {
          b.engine.put({ t: 'block', member, key: block.key, bytes: block.bytes })
        }
      }

      b.take('p')
      i += batch.length - 1
    }
  }

  const windowOf = (b: Bench): number => b.engine.status().members[0].window

  it('grows while blocks come as quickly as the path allows, up to 32 MiB', () => {
    const b = bench({ members: [{ id: 'a' }] })
    expect(windowOf(b)).to.equal(4 * MIB)
    serve(b, 8, () => 100)
    expect(windowOf(b)).to.be.above(4 * MIB)
    serve(b, 200, () => 100)
    expect(windowOf(b)).to.equal(32 * MIB)
  })

  it('shrinks when what it has open queues, and starts again with a new connection', () => {
    const b = bench({ members: [{ id: 'a' }] })
    serve(b, 200, () => 20)
    expect(windowOf(b)).to.equal(32 * MIB)
    serve(b, 16, () => 400)
    expect(windowOf(b)).to.equal(28 * MIB)
    b.engine.put({ t: 'down', member: 'a' })
    b.engine.put({ t: 'up', member: 'a' })
    expect(windowOf(b)).to.equal(4 * MIB)
  })
})
