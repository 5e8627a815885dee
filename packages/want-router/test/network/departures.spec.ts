import { expect } from 'aegir/chai'
import { createDepartures } from '../../src/network/departures.ts'
import type { Departures } from '../../src/network/departures.ts'

describe('departures', () => {
  let time: number
  let next: Array<() => void>
  let forgotten: string[]
  let departures: Departures

  beforeEach(() => {
    time = 0
    next = []
    forgotten = []
    departures = createDepartures({
      // the name says how long it takes
      gone (peer) {
        forgotten.push(peer)
        time += Number(peer.slice(1))
      },
      now: () => time,
      endOfTick (run) { next.push(run) }
    })
  })

  function pass (): string[] {
    forgotten = []
    next.splice(0).forEach(run => { run() })

    return forgotten
  }

  it('forget at once those that go one by one', () => {
    departures.add('a1')
    departures.add('b1')
    expect(forgotten).to.deep.equal(['a1', 'b1'])
    expect(pass()).to.be.empty()
    expect(next).to.be.empty()
  })

  it('forget a few in each pass of many that go at once, in order', () => {
    for (const peer of ['a5', 'b5', 'c5', 'd5', 'e20', 'f1']) {
      departures.add(peer)
    }

    expect(forgotten).to.deep.equal(['a5', 'b5'])
    expect(pass()).to.deep.equal(['c5', 'd5'])
    expect(pass()).to.deep.equal(['e20'])
    expect(pass()).to.deep.equal(['f1'])
    expect(next).to.be.empty()
  })

  it('forget a peer before it comes back, and each peer once', () => {
    for (const peer of ['a9', 'b9', 'c9']) {
      departures.add(peer)
    }

    departures.settle('c9')
    departures.settle('a9')
    expect(forgotten).to.deep.equal(['a9', 'c9'])
    expect(pass()).to.deep.equal(['b9'])
    expect(pass()).to.be.empty()
  })

  it('forget no peer after they are cleared', () => {
    departures.add('a9')
    departures.add('b9')
    departures.clear()
    expect(pass()).to.be.empty()
  })
})
