import { expect } from 'aegir/chai'
import { createWatch } from '../../src/network/watch.ts'
import { fakeClock as standingClock } from '../../src/testing/index.ts'
import { fakeClock } from './fakes.ts'

describe('network/watch', () => {
  it('has no timer while there is nothing to watch', async () => {
    const clock = fakeClock()
    const watched = createWatch(250, clock.now, clock.after)
    let ticks = 0
    expect(clock.timers).to.equal(0)

    watched.add({ tick: () => ++ticks < 3 })
    expect(clock.timers).to.equal(1)
    await clock.advance(10_000)

    expect(ticks).to.equal(3)
    expect(clock.timers).to.equal(0)
    expect(watched.size).to.equal(0)
  })

  it('serves everything with one timer', () => {
    const clock = fakeClock()
    const watched = createWatch(250, clock.now, clock.after)
    watched.add({ tick: () => true })
    watched.add({ tick: () => true })
    expect(clock.timers).to.equal(1)
  })

  it('stops when it is cleared', async () => {
    const clock = fakeClock()
    const watched = createWatch(250, clock.now, clock.after)
    watched.add({ tick: () => { throw new Error('was ticked') } })
    watched.clear()
    await clock.advance(1_000)
    expect(clock.timers).to.equal(0)
  })

  it('has what has arrived read before it ticks, after the process was suspended', () => {
    const clock = standingClock()
    const watched = createWatch(250, clock.now, clock.after)
    const ticks: number[] = []
    watched.add({ tick: now => ticks.push(now) < 2 })
    clock.jump(5_000)
    clock.pass(0)
    expect(ticks).to.deep.equal([])
    clock.pass(2_000)
    expect(ticks).to.deep.equal([6_000, 6_250])
  })
})
