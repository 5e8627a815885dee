import { expect } from 'aegir/chai'
import { tiers } from '../../src/strategies/decorators/tiers.ts'
import { bench, entry, inOrder, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { MemberStatus } from '../../src/engine/status.ts'
import type { StrategyFactory } from '../../src/strategies/strategy.ts'

const block = testBlock(1)
const MINUTE = 60_000

function join (b: Bench, member: string): void {
  b.engine.put({ t: 'add', member })
  b.engine.put({ t: 'up', member })
  b.flush()
}

const ids = (b: Bench): string[] => b.engine.status().members.map(({ id }) => id)
const statusOf = (b: Bench, member: string): MemberStatus | undefined => b.engine.member(member)
const denials = (b: Bench): number => b.take('p').presences.filter(({ have }) => !have).length

function expectDenialInAMinute (b: Bench): void {
  b.pass(MINUTE - 1)
  expect(denials(b)).to.equal(0)
  b.pass(1)
  expect(denials(b)).to.equal(1)
}

describe('engine: members that join', () => {
  it('are asked for what no other member has, as soon as they are up', () => {
    const b = bench({ members: [{ id: 'a' }] })
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    expect(denials(b)).to.equal(1)
    b.put({ t: 'add', member: 'b' })
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.put({ t: 'up', member: 'b' })
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    b.block('b', block)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('keep DONT_HAVEs from being sent until they have answered, or have been away for a minute', () => {
    const b = bench({ members: [{ id: 'a' }] })
    b.put({ t: 'add', member: 'b' })
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    expectDenialInAMinute(b)
  })

  it('may join a router without members, where earlier wants have waited without a DONT_HAVE', () => {
    const b = bench({ members: [] })
    b.want('p', entry(block))
    b.pass(2 * MINUTE)
    expect(denials(b)).to.equal(0)
    join(b, 'a')
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.block('a', block)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('are refused if the name is taken, if the weight is invalid, or if the strategy cannot take the labels, and nothing changes', () => {
    const b = bench({ strategy: tiers(inOrder) })
    expect(() => { b.engine.put({ t: 'add', member: 'b' }) }).to.throw('two members are called "b"').with.property('name', 'InvalidOptionError')
    expect(() => { b.engine.put({ t: 'add', member: 'c', weight: -1 }) }).to.throw('member "c" has weight -1')
    expect(() => { b.engine.put({ t: 'add', member: 'c', labels: { tier: 'first' } }) }).to.throw('not "first"')
    expect(() => { b.engine.put({ t: 'update', member: 'b', weight: 0 }) }).to.throw('member "b" has weight 0')
    expect(() => { b.engine.put({ t: 'update', member: 'b', weight: 3, labels: { tier: 'last' }, draining: true }) }).to.throw('not "last"')
    b.flush()
    expect(ids(b)).to.deep.equal(['a', 'b'])
    expect(statusOf(b, 'b')).to.include({ weight: 1, draining: false }).and.to.have.property('labels').that.is.empty()
  })
})

describe('engine: members that are removed', () => {
  it('are sent nothing more, and others are asked at once for what was open at them', () => {
    const b = bench()
    b.want('p', entry(block), entry(testBlock(2), { wantType: 'have' }))
    b.put({ t: 'remove', member: 'a' })
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    expect(b.askedFor(testBlock(2))).to.deep.equal(['a', 'b'])
    b.answer('a', block, 'dont-have')
    b.block('b', block)
    expect(b.cancels).to.be.empty()
    expect(ids(b)).to.deep.equal(['b'])
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('count as down: no DONT_HAVE is sent for a minute', () => {
    const b = bench()
    b.put({ t: 'remove', member: 'a' })
    b.want('p', entry(block))
    b.answer('b', block, 'dont-have')
    expectDenialInAMinute(b)
  })

  it('count from when they went down, and one that was removed before does not make that shorter', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }, { id: 'c' }] })
    b.put({ t: 'down', member: 'a' })
    b.pass(MINUTE / 2)
    b.put({ t: 'remove', member: 'c' })
    b.put({ t: 'remove', member: 'a' })
    b.want('p', entry(block))
    b.answer('b', block, 'dont-have')
    expectDenialInAMinute(b)
  })

  it('are forgotten: a new member with the same name is asked again, and the answers of the old one do not count', () => {
    const b = bench({ limits: { forgetDownAfter: 0 } })
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.put({ t: 'remove', member: 'a' })
    b.engine.put({ t: 'add', member: 'a' })
    b.pass(1)
    b.engine.put({ t: 'up', member: 'a' })
    b.answer('b', block, 'dont-have')
    expect(denials(b)).to.equal(0)
    expect(b.askedFor(block)).to.deep.equal(['a', 'b', 'a'])
    expect(statusOf(b, 'a')?.totals).to.include({ asks: 1, dontHaves: 0 })
    b.answer('a', block, 'dont-have')
    expect(denials(b)).to.equal(1)
  })

  it('are forgotten by the strategy before a new member with the same name joins', () => {
    const updates: string[][] = []

    const strategy: StrategyFactory = env => {
      const inner = inOrder(env)

      return {
        update (members) {
          updates.push(members.map(({ id }) => id))
          inner.update(members)
        },
        rank: want => inner.rank(want)
      }
    }

    const b = bench({ strategy })
    updates.length = 0
    b.engine.put({ t: 'remove', member: 'a' })
    join(b, 'a')
    // the first is of the instance that is tried with the new set
    expect(updates).to.deep.equal([['b', 'a'], ['b'], ['b', 'a']])
  })

  it('are clients like any other from then on, if they are also clients', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], up: false, limits: { forgetDownAfter: 1 } })
    b.put({ t: 'up', member: 'a', peer: 'p' })
    b.put({ t: 'up', member: 'b' })
    b.want('p', entry(block))
    expect(b.askedFor(block)).to.deep.equal(['b'])
    b.put({ t: 'remove', member: 'a' })
    join(b, 'a')
    expect(b.askedFor(block)).to.deep.equal(['b'])
    b.answer('b', block, 'dont-have')
    expect(b.askedFor(block)).to.deep.equal(['b', 'a'])
  })
})

describe('engine: members that drain', () => {
  const drain = (b: Bench, member: string): void => { b.put({ t: 'update', member, draining: true }) }

  it('are asked nothing new, and finish what is open', () => {
    const b = bench()
    b.want('p', entry(block))
    drain(b, 'a')
    expect(statusOf(b, 'a')).to.include({ state: 'draining', draining: true })
    expect(b.cancels).to.be.empty()
    b.want('p', entry(testBlock(2)))
    expect(b.askedFor(testBlock(2))).to.deep.equal(['b'])
    expect(b.drained).to.be.empty()
    b.block('a', block)
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.askedFor(block)).to.deep.equal(['a'])
    expect(b.drained).to.deep.equal(['a'])
  })

  it('are not asked for the block after a HAVE, and their HAVE answers no further client', () => {
    const b = bench()
    const have = { wantType: 'have' } as const
    b.want('p', entry(block, have))
    drain(b, 'a')
    b.want('p', entry(block))
    expect(b.asks.map(({ want }) => want.type)).to.deep.equal(['have'])
    b.answer('a', block, 'have')
    expect(b.asks.map(({ member, want }) => `${member} ${want.type}`)).to.deep.equal(['a have', 'b block'])

    b.answer('b', block, 'dont-have')
    b.want('q', entry(block, have))
    expect(b.take('q').presences).to.be.empty()
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
  })

  it('no longer keep what waits for their capacity: others are asked', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }], limits: { wantsPerMember: 1 }, up: false })
    b.put({ t: 'up', member: 'a' })
    b.want('p', entry(testBlock(2)))
    b.want('q', entry(block))
    drain(b, 'a')
    b.put({ t: 'up', member: 'b' })
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('are drained at once if nothing is open, each time that they are told to drain', () => {
    const b = bench()
    drain(b, 'a')
    expect(b.drained).to.deep.equal(['a'])
    drain(b, 'a')
    expect(b.drained).to.deep.equal(['a', 'a'])
    b.want('p', entry(block))
    drain(b, 'b')
    b.put({ t: 'update', member: 'b', draining: false })
    b.block('b', block)
    expect(b.drained, 'one that drains no longer').to.deep.equal(['a', 'a'])
  })

  it('count as unknown, whatever they said, until they are removed, and then as down', () => {
    const b = bench()
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    drain(b, 'a')
    b.answer('b', block, 'dont-have')
    b.pass(2 * MINUTE)
    expect(denials(b)).to.equal(0)
    b.put({ t: 'remove', member: 'a' })
    b.pass(MINUTE - 1)
    expect(denials(b)).to.equal(0)
    b.pass(MINUTE)
    b.answer('b', block, 'dont-have') // it was asked again meanwhile
    expect(denials(b)).to.equal(1)
  })

  it('count as unknown while they are down, however long', () => {
    const b = bench()
    drain(b, 'a')
    b.put({ t: 'down', member: 'a' })
    b.want('p', entry(block))
    b.answer('b', block, 'dont-have')
    b.pass(2 * MINUTE)
    expect(denials(b)).to.equal(0)
    b.answer('b', block, 'dont-have') // it was asked again meanwhile
    expect(denials(b)).to.equal(0)
    b.put({ t: 'remove', member: 'a' })
    expect(denials(b), 'it had been down for long').to.equal(1)
  })

  it('do not keep others from being asked again', () => {
    const b = bench({ limits: { standingPerMember: 0 } })
    drain(b, 'a')
    b.want('p', entry(block))
    b.answer('b', block, 'dont-have')
    b.pass(2000)
    expect(b.askedFor(block)).to.deep.equal(['b', 'b'])
  })

  it('are asked for what is exhausted when they no longer drain', () => {
    const b = bench()
    drain(b, 'a')
    b.want('p', entry(block))
    b.answer('b', block, 'dont-have')
    b.put({ t: 'update', member: 'a', draining: false })
    expect(b.askedFor(block)).to.deep.equal(['b', 'a'])
    expect(statusOf(b, 'a')).to.include({ state: 'up', draining: false })
  })

  it('may be restarted without counting as flapping, and are not ejected for failures', () => {
    const b = bench()
    b.want('p', ...Array.from({ length: 9 }, (_, i) => entry(testBlock(i))))
    drain(b, 'a')

    for (let i = 0; i < 9; i++) {
      b.answer('a', testBlock(i), 'failed')
    }

    for (let i = 0; i < 5; i++) {
      b.put({ t: 'down', member: 'a' })
      b.put({ t: 'up', member: 'a' })
    }

    expect(statusOf(b, 'a')).to.include({ state: 'draining' }).and.to.have.nested.property('totals.ejections', 0)
    b.put({ t: 'update', member: 'a', draining: false })
    expect(statusOf(b, 'a')).to.include({ state: 'up' })
  })

  it('are ejected again when they no longer drain, if they were before and their time is not over', () => {
    const b = bench()

    for (let i = 0; i < 5; i++) {
      b.want('p', entry(testBlock(i)))
      b.answer('a', testBlock(i), 'failed')
    }

    expect(statusOf(b, 'a')).to.include({ state: 'ejected' })
    drain(b, 'a')
    expect(statusOf(b, 'a')).to.include({ state: 'draining' })
    b.put({ t: 'update', member: 'a', draining: false })
    expect(statusOf(b, 'a')).to.include({ state: 'ejected' })
    drain(b, 'a')
    b.pass(MINUTE)
    expect(statusOf(b, 'a')).to.include({ state: 'draining' })
    b.put({ t: 'update', member: 'a', draining: false })
    expect(statusOf(b, 'a')).to.include({ state: 'up' })
  })

  it('do not count in the share of healthy members', () => {
    const b = bench({ members: ['a', 'b', 'c', 'd'].map(id => ({ id })) })

    for (let i = 0; i < 5; i++) {
      b.want('p', entry(testBlock(i)))
      b.answer('a', testBlock(i), 'failed')
      b.pass(1000)
    }

    expect(statusOf(b, 'a')).to.include({ state: 'ejected' })
    drain(b, 'b')
    drain(b, 'c')
    b.want('p', entry(testBlock(9)))
    expect(b.askedFor(testBlock(9))).to.deep.equal(['d'])
  })
})

describe('engine: weights and labels of members', () => {
  it('are the same in the status of one member and of all', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b', weight: 2 }] })
    b.want('p', entry(block))
    expect([b.engine.member('a'), b.engine.member('b')]).to.deep.equal(b.engine.status().members)
    expect(b.engine.member('c')).to.equal(undefined)
  })

  it('change while it runs, and the strategy is told', () => {
    const seen: string[] = []

    const strategy: StrategyFactory = env => {
      const inner = inOrder(env)

      return {
        update (members) {
          seen.push(members.map(({ id, weight, baseWeight, labels }) => `${id} ${weight} ${baseWeight} ${labels.zone}`).join(', '))
          inner.update(members)
        },
        rank: want => inner.rank(want)
      }
    }

    const b = bench({ strategy })
    b.put({ t: 'update', member: 'a', weight: 3, labels: { zone: 'x' } })
    expect(seen.at(-1)).to.equal('a 3 3 x, b 1 1 undefined')
    b.put({ t: 'update', member: 'a', weight: 2 })
    expect(seen.at(-1), 'an omitted value stays').to.equal('a 2 2 x, b 1 1 undefined')
    expect(statusOf(b, 'a')).to.deep.include({ weight: 2, labels: { zone: 'x' } })
    b.put({ t: 'update', member: 'a', labels: { zone: 'y' } })
    expect(seen.at(-1)).to.equal('a 2 2 y, b 1 1 undefined')
  })

  it('of a readmitted member are a share of the new weight', () => {
    const b = bench()

    for (let i = 0; i < 5; i++) {
      b.want('p', entry(testBlock(i)))
      b.answer('a', testBlock(i), 'failed')
    }

    b.pass(35_000)
    b.put({ t: 'update', member: 'a', weight: 10 })
    expect(statusOf(b, 'a')?.weight).to.be.within(4, 6)
    b.pass(10_000)
    expect(statusOf(b, 'a')?.weight).to.equal(10)
  })
})
