import { expect } from 'aegir/chai'
import { fakeClock } from '../../src/testing/fake-clock.ts'

describe('a fake clock', () => {
  it('runs timers by time, and at the same time in the order in which they were set', () => {
    const clock = fakeClock(100)
    const ran: string[] = []
    clock.after(20, () => { ran.push(`later at ${clock.now()}`) })
    clock.after(10, () => { ran.push(`sooner at ${clock.now()}`) })
    clock.after(10, () => { ran.push(`second at ${clock.now()}`) })
    clock.endOfTick(() => { ran.push(`tick at ${clock.now()}`) })

    clock.pass(15)
    expect(ran).to.deep.equal(['tick at 100', 'sooner at 110', 'second at 110'])
    expect(clock.now()).to.equal(115)
    clock.pass(5)
    expect(ran).to.have.lengthOf(4)
  })

  it('runs timers that are set on the way, if they are due', () => {
    const clock = fakeClock()
    const ran: number[] = []

    const again = (): void => {
      ran.push(clock.now())
      clock.after(10, again)
    }

    again()
    clock.pass(35)
    expect(ran).to.deep.equal([0, 10, 20, 30])
  })

  it('runs no timer that was cancelled', () => {
    const clock = fakeClock()
    let ran = 0
    clock.after(1, () => { ran++ })()
    clock.pass(10)
    expect(ran).to.equal(0)
    expect(clock.step()).to.equal(false)
  })

  it('jumps without running anything, and then runs what is overdue', () => {
    const clock = fakeClock()
    const ran: number[] = []
    clock.after(10, () => { ran.push(clock.now()) })
    clock.jump(1000)
    expect(ran).to.be.empty()
    clock.pass(0)
    expect(ran).to.deep.equal([1000])
  })
})
