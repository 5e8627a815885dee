import { expect } from 'aegir/chai'
import { watchMember } from '../../src/refs/member-watch.ts'
import { manualClock } from '../support/clock.ts'
import type { MemberWatch } from '../../src/refs/member-watch.ts'
import type { ManualClock } from '../support/clock.ts'

describe('the watch over a member', () => {
  let clock: ManualClock
  let asked: boolean[]
  let givesUp: boolean
  let watch: MemberWatch

  beforeEach(() => {
    clock = manualClock()
    asked = []
    givesUp = true
    watch = watchMember({
      timers: clock,
      wait: 10,
      began: false,
      givesUp (began) {
        asked.push(began)

        return givesUp
      }
    })
  })

  it('abandons a member that does nothing', () => {
    clock.pass(9)
    expect(watch.signal.aborted).to.be.false()
    clock.pass(1)
    expect(watch.signal.reason).to.have.property('name', 'NoProgressError')
    expect([watch.began, asked, clock.pending]).to.deep.equal([false, [false], 0])
  })

  it('gives the same time again to a member that has to wait, and to one that does something', () => {
    givesUp = false
    clock.pass(10)
    givesUp = true
    clock.pass(9)
    watch.progress()
    clock.pass(1)
    expect([watch.signal.aborted, watch.began, asked]).to.deep.equal([false, true, [false]])
    clock.pass(10)
    expect([watch.signal.aborted, asked]).to.deep.equal([true, [false, true]])
  })

  it('stops', () => {
    watch.stop()
    expect(clock.pending).to.equal(0)
  })
})
