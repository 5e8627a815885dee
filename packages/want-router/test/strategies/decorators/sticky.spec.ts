import { expect } from 'aegir/chai'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { presence } from '../../../src/strategies/decorators/presence.ts'
import { sticky } from '../../../src/strategies/decorators/sticky.ts'
import { fakeEnv, fakeMembers, fakeOutcome, fakeWant, pick } from '../fixtures.ts'
import type { StickyInit } from '../../../src/strategies/decorators/sticky.ts'
import type { Strategy } from '../../../src/strategies/strategy.ts'
import type { FakeMember } from '../fixtures.ts'

interface Setting {
  clock: { now: number }
  members: FakeMember[]
  strategy: Strategy
  /** The member that a client's next want is asked of: the first that is up and can be asked. */
  asks (peer: string, can?: (id: string) => boolean): string
}

function setting (init?: StickyInit, count = 4): Setting {
  const clock = { now: 0 }
  const members = fakeMembers(count)
  const strategy = sticky(roundRobin(), init)(fakeEnv(3, { now: () => clock.now }))
  strategy.update(members)
  let key = 0

  return {
    clock,
    members,
    strategy,
    asks (peer, can = () => true) {
      for (const { id, state } of strategy.rank(fakeWant(key++, { client: peer }))) {
        if (state === 'up' && can(id)) {
          return id
        }
      }

      return ''
    }
  }
}

describe('sticky', () => {
  it('takes a turn for each client, and keeps it', () => {
    const { asks } = setting()
    const peers = Array.from({ length: 40 }, (_, i) => `peer-${i}`)
    const homes = peers.map(peer => asks(peer))
    const counts = Map.groupBy(homes, id => id)

    expect([...counts.values()].map(({ length }) => length)).to.deep.equal([10, 10, 10, 10])

    for (let round = 0; round < 3; round++) {
      expect(peers.map(peer => asks(peer))).to.deep.equal(homes)
    }
  })

  it('follows the inner order where the home cannot serve, and returns home for the next want', () => {
    const { asks } = setting()
    const home = asks('peer')

    expect(asks('peer', id => id !== home)).to.not.equal(home)
    expect(asks('peer')).to.equal(home)
  })

  it('takes no turn for wants that leave home', () => {
    const { asks } = setting()
    const homes = Array.from({ length: 40 }, (_, i) => {
      const home = asks(`peer-${i}`)

      for (let want = 0; want < 5; want++) {
        asks(`peer-${i}`, id => id !== 'member-0')
      }

      return home
    })

    expect([...Map.groupBy(homes, id => id).values()].map(({ length }) => length)).to.deep.equal([10, 10, 10, 10])
  })

  it('makes the member that takes the first want the home, not one that had no capacity', () => {
    for (const full of ['member-0', 'member-1', 'member-2', 'member-3']) {
      const { asks } = setting()
      const taken = asks('peer', id => id !== full)

      expect(asks('peer')).to.equal(taken)
    }
  })

  it('gives a client a new home when the old one is ejected, and leaves it there', () => {
    const { members, asks } = setting()
    const old = asks('peer')
    const home = members.find(({ id }) => id === old)
    expect(home).to.be.ok()
    home!.state = 'ejected'

    const next = asks('peer')
    expect(next).to.not.equal(old)
    expect(asks('peer')).to.equal(next)
    home!.state = 'up'
    expect(asks('peer')).to.equal(next)
  })

  it('gives new homes to the clients of a member that left, in turn', () => {
    const { members, strategy, asks } = setting()
    const peers = Array.from({ length: 40 }, (_, i) => `peer-${i}`)
    const before = peers.map(peer => asks(peer))
    strategy.update(members.slice(1))
    const after = peers.map(peer => asks(peer))
    const moved = after.filter((_, i) => before[i] === 'member-0')

    expect(after.filter((id, i) => before[i] !== 'member-0' && id !== before[i])).to.be.empty()
    expect(moved).to.have.length(10)
    expect(new Set(moved).size).to.equal(3)
  })

  it('forgets a client that was idle for long, not one that asks now and then', () => {
    const { clock, members, asks } = setting({ idle: 1000 }, 50)
    const [regular, idle] = [asks('regular'), asks('idle')]

    while (clock.now < 10_000) {
      clock.now += 900
      expect(asks('regular')).to.equal(regular)
    }

    expect(members.map(({ id }) => id)).to.include(idle)
    expect(asks('idle')).to.not.equal(idle)
  })

  it('remembers no more clients than it is told to, and always the latest ones', () => {
    const { asks } = setting({ clients: 100 }, 7)
    const homes = Array.from({ length: 1000 }, (_, i) => asks(`peer-${i}`))
    const again = Array.from({ length: 50 }, (_, i) => asks(`peer-${950 + i}`))
    expect(again).to.deep.equal(homes.slice(950))

    const first = Array.from({ length: 70 }, (_, i) => asks(`peer-${i}`))
    expect(first).to.not.deep.equal(homes.slice(0, 70))
  })

  it('has no home for a want without a client', () => {
    const { asks } = setting()
    expect(new Set(['', '', '', ''].map(peer => asks(peer))).size).to.equal(4)
  })

  it('leaves an empty home if presence is around it', () => {
    const strategy = presence(sticky(roundRobin()))(fakeEnv(1))
    strategy.update(fakeMembers(4))
    const home = pick(strategy, fakeWant(0, { client: 'peer' }))?.id ?? ''
    const other = home === 'member-0' ? 'member-1' : 'member-0'

    for (let i = 0; i < 20; i++) {
      strategy.observe?.(fakeOutcome(other, { want: fakeWant(i, { said: id => id === home ? 'dont-have' : undefined }) }))
    }

    const asked = Array.from({ length: 100 }, (_, i) => pick(strategy, fakeWant(i, { client: 'peer' }))?.id)
    expect(asked.filter(id => id === home)).to.have.length.within(0, 2)
  })

  it('refuses invalid bounds', () => {
    for (const clients of [0, 1, 2.5, NaN, Infinity]) {
      expect(() => sticky(roundRobin(), { clients })).to.throw(/clients must be a whole number/).with.property('name', 'InvalidOptionError')
    }

    for (const idle of [0, -1, NaN, Infinity]) {
      expect(() => sticky(roundRobin(), { idle })).to.throw(/idle must be a number of ms/).with.property('name', 'InvalidOptionError')
    }
  })
})
