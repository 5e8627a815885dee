import { TypedEventEmitter } from '@libp2p/interface'
import { expect } from 'aegir/chai'
import { liveness } from '../src/liveness.ts'
import { createQuietLogger } from '../src/quiet-logger.ts'
import type { Progress } from '../src/traffic.ts'
import type { Connection, Libp2pEvents, Startable } from '@libp2p/interface'

const LIMITS = { pingInterval: 12_000, silence: 26_000, checkInterval: 1_000 }

describe('liveness', () => {
  let time: number
  let tick: () => void
  let progress: Progress | undefined
  let pings: number[]
  let answer: 'never' | 'refused'
  let aborted: number | undefined
  let service: Startable
  let events: TypedEventEmitter<Libp2pEvents>

  /** Moves the clock and runs the checks; calls `meanwhile` before each. */
  const pass = async (seconds: number, meanwhile: () => void = () => {}): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      time += LIMITS.checkInterval
      meanwhile()
      tick()
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  beforeEach(async () => {
    time = 0
    progress = { received: 0, taken: 0, waiting: 0 }
    pings = []
    answer = 'never'
    aborted = undefined
    events = new TypedEventEmitter()
    service = liveness({
      ...LIMITS,
      traffic: { of: () => progress },
      clock: {
        now: () => time,
        every: (_ms, run) => {
          tick = run

          return () => { tick = () => {} }
        }
      }
    })({ events, logger: createQuietLogger() })
    await service.start()

    const connection = {
      status: 'open',
      timeline: { open: 0 },
      abort: () => {
        aborted ??= time
        events.dispatchEvent(new CustomEvent('connection:close', { detail: connection }))
      },
      newStream: async () => {
        pings.push(time)

        if (answer === 'refused') {
          progress = progress == null ? undefined : { ...progress, received: progress.received + 1 }
          throw new Error('the protocol is not supported')
        }

        return new Promise(() => {})
      }
    } as unknown as Connection
    events.dispatchEvent(new CustomEvent('connection:open', { detail: connection }))
  })

  afterEach(async () => {
    await service.stop()
  })

  it('ends a silent connection within thirty seconds', async () => {
    await pass(30)
    expect(aborted).to.be.within(26_000, 29_000)
  })

  it('pings, and waits for an answer as long as there are other signs of life', async () => {
    await pass(120, () => { progress = { received: time, taken: 0, waiting: 0 } })
    expect(aborted).to.equal(undefined)
    expect(pings).to.deep.equal([12_000])
  })

  it('keeps pinging a peer that does not support ping: its refusal is a sign of life', async () => {
    answer = 'refused'
    await pass(120)
    expect(aborted).to.equal(undefined)
    expect(pings.length).to.be.within(8, 10)
  })

  it('accepts draining of data that the kernel could not accept as a sign of life, once in 22 s', async () => {
    await pass(120, () => { progress = { received: 0, taken: Math.floor(time / 22_000), waiting: 1_000_000 } })
    expect(aborted).to.equal(undefined)
  })

  it('does not accept data that fits into the kernel as a sign of life', async () => {
    await pass(30, () => { progress = { received: 0, taken: time, waiting: 0 } })
    expect(aborted).to.be.within(26_000, 29_000)
  })

  it('ends a frozen connection within thirty seconds of its last sign of life', async () => {
    await pass(100, () => { progress = { received: time, taken: 0, waiting: 0 } })
    await pass(30)
    expect(aborted).to.be.within(126_000, 129_000)
  })

  it('does not count the time in which this process is stalled as silence', async () => {
    await pass(10)
    time += 60_000
    await pass(5)
    expect(aborted).to.equal(undefined)
  })

  it('judges a connection whose traffic it cannot see by the answers to its pings', async () => {
    progress = undefined
    answer = 'refused'
    await pass(120)
    expect(aborted).to.equal(undefined)

    answer = 'never'
    await pass(40)
    expect(aborted).to.be.within(146_000, 159_000)
  })

  it('checks nothing once it has stopped', async () => {
    await service.stop()
    await pass(60)
    expect(pings).to.be.empty()
    expect(aborted).to.equal(undefined)
  })
})
