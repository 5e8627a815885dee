import { expect } from 'aegir/chai'
import { withStallGrace } from '../src/stall-grace.ts'
import { fakeClock } from '../src/testing/index.ts'
import type { FakeClock } from '../src/testing/index.ts'

/** A timer of 100 ms on a clock at 0, and when it ran. */
function rig (): { clock: FakeClock, ran: number[], cancel (): void } {
  const clock = fakeClock()
  const ran: number[] = []
  const cancel = withStallGrace(clock)(100, () => { ran.push(clock.now()) })

  return { clock, ran, cancel }
}

describe('a timer with a grace', () => {
  it('runs when it is due, or a little late', () => {
    const { clock, ran } = rig()
    clock.pass(100)
    expect(ran).to.deep.equal([100])
    const late = rig()
    late.clock.jump(199)
    late.clock.pass(0)
    expect(late.ran).to.deep.equal([199])
  })

  it('waits as long again as it is late, at most a second', () => {
    for (const [stall, runs] of [[500, 900], [6000, 7000]]) {
      const { clock, ran } = rig()
      clock.jump(stall)
      clock.pass(10_000)
      expect(ran).to.deep.equal([runs])
    }
  })

  it('waits again if the process stands still again, but not for ever', () => {
    const { clock, ran } = rig()

    for (let i = 1; i < 10; i++) {
      clock.jump(i * 2000)
      clock.step(i * 2000)
    }

    // set at 0, then late three times in a row
    expect(ran).to.deep.equal([8000])
  })

  it('can be cancelled at any time', () => {
    const { clock, ran, cancel } = rig()
    clock.jump(1000)
    clock.step(1000)
    cancel()
    clock.pass(10_000)
    expect(ran).to.deep.equal([])
  })
})
