import { expect } from 'aegir/chai'
import { createReadingTurns } from '../../src/network/reading-turns.ts'
import type { ReadingTurns } from '../../src/network/reading-turns.ts'

describe('reading turns', () => {
  let time: number
  let next: Array<() => void>
  let turns: ReadingTurns
  let called: string[]

  beforeEach(() => {
    time = 0
    next = []
    called = []
    turns = createReadingTurns({ now: () => time, endOfTick: run => { next.push(run) } })
  })

  /** Waits `times` times, and takes this long each time; `spends`: there is nothing left of its owner's share then. */
  function wait (owner: object, name: string, { times = 1, takes = 0, spends = false } = {}): void {
    turns.wait(owner, () => {
      called.push(name)
      time += takes

      if (times > 1) {
        wait(owner, name, { times: times - 1, takes, spends })
      }

      return !spends
    })
  }

  /** Which readers are called in the next pass of the event loop. */
  function pass (): string {
    expect(next, 'passes that are under way').to.have.lengthOf.at.most(1)
    called = []
    next.splice(0).forEach(run => { run() })

    return called.join('')
  }

  it('come in the next pass, and those that wait again come in the one after that', () => {
    const owner = {}
    wait(owner, 'a')
    wait(owner, 'b')
    wait({}, 'c', { times: 2 })

    expect([pass(), pass(), pass()]).to.deep.equal(['abc', 'c', ''])
    expect(next).to.be.empty()
  })

  it('bound the time that all take in one pass, and go round', () => {
    for (const name of ['a', 'b', 'c', 'd']) {
      wait({}, name, { times: 2, takes: 5 })
    }

    expect([pass(), pass(), pass(), pass(), pass()]).to.deep.equal(['ab', 'cd', 'ab', 'cd', ''])
  })

  it('number the passes, even those in which nothing waits', () => {
    const first = turns.countPass()
    expect(turns.countPass()).to.equal(first)
    pass()
    expect(turns.countPass()).to.equal(first + 1)
  })

  it('are not needed by small messages, except behind earlier ones of the same owner', () => {
    const owner = {}
    expect(turns.mayGo(owner, false)).to.equal(true)
    wait(owner, 'a')
    expect([turns.mayGo(owner, false), turns.mayGo({}, false)]).to.deep.equal([false, true])
    pass()
    expect(turns.mayGo(owner, false)).to.equal(true)
  })

  it('are needed by large messages, except one in each pass in which nothing waits', () => {
    expect([turns.mayGo({}, true), turns.mayGo({}, true)]).to.deep.equal([true, false])
    expect(pass()).to.equal('')
    wait({}, 'a')
    expect(turns.mayGo({}, true)).to.equal(false)
    pass()
    expect(turns.mayGo({}, true)).to.equal(true)
  })

  it('continue with what is left of an owner, before what arrived later', () => {
    const owner = {}
    wait(owner, 'a', { times: 2, takes: 5 })
    wait(owner, 'b', { takes: 5 })
    wait(owner, 'c', { takes: 5 })
    wait({}, 'd', { takes: 5 })

    expect([pass(), pass(), pass(), pass()]).to.deep.equal(['ab', 'dc', 'a', ''])
  })

  it('call no more of an owner that has had its share, and continue there the next time', () => {
    const owner = {}
    wait(owner, 'a', { times: 2, spends: true })
    wait(owner, 'b', { spends: true })
    wait({}, 'c')

    expect([pass(), pass(), pass(), pass()]).to.deep.equal(['ac', 'b', 'a', ''])
  })

  it('call one in each pass, however long it takes', () => {
    wait({}, 'a', { times: 2, takes: 100 })
    wait({}, 'b', { takes: 100 })

    expect([pass(), pass(), pass()]).to.deep.equal(['a', 'b', 'a'])
  })
})
