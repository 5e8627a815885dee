import { expect } from 'aegir/chai'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createGreetings } from '../../src/network/greetings.ts'
import type { Greetings } from '../../src/network/greetings.ts'

describe('network/greetings', () => {
  let now: number
  let greeted: number[]
  let hello: Greetings

  beforeEach(() => {
    now = 0
    greeted = []
    hello = createGreetings(DEFAULT_NETWORK_LIMITS, () => { greeted.push(now) })
  })

  function pass (until: number, each = (): void => {}): void {
    for (; now <= until; now += 250) {
      each()
      hello.tick(now)
    }
  }

  it('come once, a second after a peer has connected', () => {
    hello.connected(0)
    pass(300_000)
    expect(greeted).to.deep.equal([1_000])
    expect(hello.tick(now)).to.equal(false)
  })

  it('come again after a break, at growing intervals, since the peer may notice it much later', () => {
    hello.broke(0)
    pass(300_000)
    expect(greeted).to.deep.equal([1_000, 5_000, 21_000, 85_000])
    expect(hello.tick(now)).to.equal(false)
  })

  it('end when the peer asks for something after one of them', () => {
    hello.broke(0)
    pass(6_000)
    hello.asked()
    pass(300_000)
    expect(greeted).to.deep.equal([1_000, 5_000])
  })

  it('are not ended by messages before the first, which may have been in flight', () => {
    hello.broke(0)
    hello.asked()
    pass(2_000)
    expect(greeted).to.deep.equal([1_000])
  })

  it('are not postponed by a peer whose connections keep breaking', () => {
    pass(4_000, () => { hello.broke(now) })
    expect(greeted).to.deep.equal([1_000, 2_000, 3_000, 4_000].map((at, i) => at + 250 * i).filter(at => at <= 4_000))
  })

  it('are still as many when the peer opens another connection', () => {
    hello.broke(0)
    hello.connected(100)
    pass(300_000)
    expect(greeted).to.have.lengthOf(4)
  })
})
