import { expect } from 'aegir/chai'
import { leastLoaded } from '../../../src/strategies/algorithms/least-loaded.ts'
import { peakEwma } from '../../../src/strategies/algorithms/peak-ewma.ts'
import { rendezvous } from '../../../src/strategies/algorithms/rendezvous.ts'
import { roundRobin } from '../../../src/strategies/algorithms/round-robin.ts'
import { boundedLoad } from '../../../src/strategies/decorators/bounded-load.ts'
import { presence } from '../../../src/strategies/decorators/presence.ts'
import { fakeEnv, fakeMember, fakeMembers, fakeOutcome, fakeWant, pick, ranking, shares } from '../fixtures.ts'
import type { Member, Strategy, StrategyFactory, Want } from '../../../src/strategies/strategy.ts'

/** Asks as the engine does, one after another, until a member has it; returns the members that were asked. */
function fetch (strategy: Strategy, key: number, has: (member: Member, key: number) => boolean): string[] {
  const said = new Map<string, 'dont-have'>()
  const want: Want = fakeWant(key, { said: id => said.get(id) })

  for (;;) {
    const next = ranking(strategy, want).find(id => !said.has(id))

    if (next == null) {
      return [...said.keys()]
    }

    const found = has(fakeMember(next), key)
    strategy.observe?.(fakeOutcome(next, { want, result: found ? 'block' : 'dont-have', ms: found ? 20 : 1 }))

    if (found) {
      return [...said.keys(), next]
    }

    said.set(next, 'dont-have')
  }
}

/** The share of all asks that each member got. */
function asked (strategy: Strategy, from: number, count: number, has: (member: Member, key: number) => boolean): Map<string, number> {
  const asks = Array.from({ length: count }, (_, i) => fetch(strategy, from + i, has)).flat()
  const share = new Map<string, number>()

  for (const id of asks) {
    share.set(id, (share.get(id) ?? 0) + 1 / asks.length)
  }

  return share
}

const allButTheFirst = ({ id }: Member): boolean => id !== 'member-0'

function started (factory: StrategyFactory, count = 4): Strategy {
  const strategy = factory(fakeEnv(7))
  strategy.update(fakeMembers(count))

  return strategy
}

describe('presence', () => {
  const inners: Record<string, () => StrategyFactory> = {
    'round robin': () => roundRobin(),
    rendezvous: () => rendezvous(),
    'least loaded': () => leastLoaded(),
    'peak EWMA': () => peakEwma()
  }

  for (const [name, inner] of Object.entries(inners)) {
    it(`gives an empty member, one of four, less than 1% of the wants, over ${name}`, () => {
      const strategy = started(presence(inner()))
      const learning = asked(strategy, 0, 1000, allButTheFirst)
      const learned = asked(strategy, 1000, 20_000, allButTheFirst)

      expect(learning.get('member-0')).to.be.below(0.05)
      expect(learned.get('member-0')).to.be.within(0.001, 0.01)
    })
  }

  for (const [name, make] of Object.entries({ 'by itself': () => presence(rendezvous()), 'under bounded load': () => boundedLoad(presence(rendezvous())) })) {
    it(`finds a member again that has got blocks, ${name}`, () => {
      const strategy = started(make())
      asked(strategy, 0, 1000, allButTheFirst)
      asked(strategy, 1000, 1000, () => true)

      expect(asked(strategy, 2000, 1000, () => true).get('member-0')).to.be.closeTo(0.25, 0.05)
    })
  }

  it('gives an empty member, one of four, less than 1% of the wants under bounded load, while the others are busy', () => {
    const members = fakeMembers(4)
    const strategy = boundedLoad(presence(rendezvous()))(fakeEnv(7))
    strategy.update(members)
    asked(strategy, 0, 1000, allButTheFirst)
    const inFlight: string[] = []
    let empty = 0

    for (let i = 0; i < 20_000; i++) {
      const id = pick(strategy, fakeWant(i))?.id ?? ''

      // it answers DONT_HAVE at once, and the want goes on
      if (id === 'member-0') {
        empty++
        continue
      }

      members[Number(id.replace('member-', ''))].load.wants++
      inFlight.push(id)

      if (inFlight.length > 60) {
        members[Number(inFlight.shift()?.replace('member-', ''))].load.wants--
      }
    }

    expect(empty / 20_000).to.be.within(0.001, 0.01)
  })

  it('says which members it avoids: poor ones, unless they are being probed or all are poor', () => {
    const strategy = started(presence(rendezvous(), { probe: 50 }))
    asked(strategy, 0, 200, allButTheFirst)
    let probes = 0

    for (let i = 0; i < 5000; i++) {
      const probed = pick(strategy, fakeWant(i))?.id === 'member-0'
      probes += probed ? 1 : 0
      expect(strategy.avoids?.('member-0')).to.equal(!probed)
      expect(strategy.avoids?.('member-1')).to.equal(false)
    }

    expect(probes / 5000).to.be.closeTo(0.02, 0.005)

    const alike = started(presence(rendezvous()))
    asked(alike, 0, 2000, ({ id }, key) => id === `member-${key % 4}`)
    expect(fakeMembers(4).filter(({ id }) => alike.avoids?.(id)).length).to.be.below(4)
  })

  it('is not affected by wants for blocks that no member has', () => {
    const strategy = started(presence(rendezvous()))
    const before = Array.from({ length: 200 }, (_, i) => ranking(strategy, fakeWant(i)))
    asked(strategy, 0, 5000, () => false)

    expect(Array.from({ length: 200 }, (_, i) => ranking(strategy, fakeWant(i)))).to.deep.equal(before)
  })

  it('keeps the inner order of members that each hold a part', () => {
    const strategy = started(presence(rendezvous()))
    const share = asked(strategy, 0, 20_000, ({ id }, key) => id === `member-${key % 4}`)

    for (const value of share.values()) {
      expect(value).to.be.closeTo(0.25, 0.05)
    }
  })

  it('puts members that are known to hold the block first', () => {
    const strategy = started(presence(rendezvous()))

    for (let key = 0; key < 50; key++) {
      expect(pick(strategy, fakeWant(key, { said: id => id === 'member-2' ? 'have' : undefined }))?.id).to.equal('member-2')
    }
  })

  it('counts a HAVE and the block that follows as one', () => {
    const strategy = presence(rendezvous())(fakeEnv())
    strategy.update(fakeMembers(2))
    const want = fakeWant('key', { said: id => id === 'member-0' ? 'dont-have' : 'have' })

    for (let i = 0; i < 100; i++) {
      strategy.observe?.(fakeOutcome('member-1', { want, result: 'block' }))
    }

    expect(shares(strategy, 1000).get('member-0')).to.be.closeTo(0.5, 0.05)

    for (let i = 0; i < 11; i++) {
      strategy.observe?.(fakeOutcome('member-1', { want: { ...want, said: id => id === 'member-0' ? 'dont-have' : undefined }, result: 'have' }))
    }

    expect(shares(strategy, 1000).get('member-0')).to.be.below(0.02)
  })

  it('forgets a member that leaves: it is asked like any other when it comes back', () => {
    const strategy = started(presence(rendezvous()))
    asked(strategy, 0, 1000, allButTheFirst)
    strategy.update(fakeMembers(4).slice(1))
    strategy.update(fakeMembers(4))

    expect(shares(strategy, 4000).get('member-0')).to.be.closeTo(0.25, 0.03)
  })

  it('refuses a share that is not between 0 and 1, and a probe that is not a count', () => {
    for (const poor of [0, 1, -1, NaN]) {
      expect(() => presence(rendezvous(), { poor })).to.throw(/share of misses/).with.property('name', 'InvalidOptionError')
    }

    for (const probe of [0, 1, 2.5, NaN, Infinity]) {
      expect(() => presence(rendezvous(), { probe })).to.throw(/one want in that many/).with.property('name', 'InvalidOptionError')
    }
  })
})
