import { expect } from 'aegir/chai'
import { fakeBlock, fakeTargetWant } from '../../src/testing/fake-block.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeTarget } from '../../src/testing/fake-target.ts'
import { recordingSink } from '../targets/fixtures.ts'
import type { FakeBlock } from '../../src/testing/fake-block.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'
import type { FakeTarget, FakeTargetInit } from '../../src/testing/fake-target.ts'

describe('fake target', () => {
  let a: FakeBlock, b: FakeBlock

  before(async () => {
    a = await fakeBlock('a')
    b = await fakeBlock('b')
  })

  /** A target that has block a, and what it reports with the time. */
  function started (init: Partial<FakeTargetInit> = {}): { target: FakeTarget, clock: FakeClock, events(): string[] } {
    const clock = fakeClock()
    const target = fakeTarget({ id: 'fake', timers: clock, blocks: [a], ...init })
    const sink = recordingSink(key => key === a.key ? 'a' : 'b')
    target.start(sink)
    clock.pass(0)

    return { target, clock, events: () => sink.events.splice(0) }
  }

  it('is its own init, with the given name, weight and labels', () => {
    const target = fakeTarget({ id: 'fake', weight: 3, labels: { zone: 'x' }, timers: fakeClock() })
    const { id, weight, labels } = target

    expect({ id, weight, labels }).to.deep.equal({ id: 'fake', weight: 3, labels: { zone: 'x' } })
    expect(target.create({} as never)).to.equal(target)
  })

  it('comes up with its capacity', () => {
    const { events } = started({ capacity: { wants: 2 } })
    expect(events()).to.deep.equal(['up {"wants":2}'])
  })

  it('tells the truth after its latency', () => {
    const { target, clock, events } = started({ latency: 100 })
    events()
    target.ask([fakeTargetWant(a), fakeTargetWant(b, 'have')])
    clock.pass(99)
    expect(events()).to.deep.equal([])
    clock.pass(1)
    expect(events()).to.deep.equal(['block a', 'dont-have b'])

    target.latency = 5
    target.ask([fakeTargetWant(a, 'have')])
    clock.pass(5)
    expect(events()).to.deep.equal(['have a'])
  })

  it('gains and loses blocks', () => {
    const { target, clock, events } = started()
    events()
    target.add(b)
    target.remove(a)
    target.ask([fakeTargetWant(a), fakeTargetWant(b)])
    clock.pass(1)

    expect(events()).to.deep.equal(['dont-have a', 'block b'])
  })

  it('answers each want as its script says', () => {
    const script = ['unknown', 'failed', 'wrong', { says: 'dont-have', after: 50 }, undefined, 'nothing'] as const
    const { target, clock, events } = started({ reply: (_, index) => script[index] })
    events()

    for (const said of [['unknown a'], ['failed a'], ['block these are the wrong bytes'], [], ['block a'], []]) {
      target.ask([fakeTargetWant(a)])
      clock.pass(1)
      expect(events()).to.deep.equal(said)
    }

    expect([...target.open.keys()]).to.deep.equal([a.key])
    clock.pass(100_000)
    expect(events()).to.deep.equal([])
    expect(target.asked).to.have.lengthOf(6)
  })

  it('goes down at a want, forgets what it owed, and does not answer until it is revived', () => {
    const { target, clock, events } = started({ reply: ({ key }) => key === b.key ? { says: 'death', after: 1 } : { after: 2 } })
    events()
    target.ask([fakeTargetWant(a), fakeTargetWant(b)])
    clock.pass(10)
    expect(events()).to.deep.equal(['down: fake died at a want'])

    target.ask([fakeTargetWant(a)])
    clock.pass(10)
    expect(events()).to.deep.equal([])

    target.revive()
    target.ask([fakeTargetWant(a)])
    clock.pass(10)
    expect(events()).to.deep.equal(['up', 'block a'])
  })

  it('does not answer cancelled wants', () => {
    const { target, clock, events } = started()
    events()
    target.ask([fakeTargetWant(a), fakeTargetWant(b)])
    target.cancel([a])
    clock.pass(10)

    expect(events()).to.deep.equal(['dont-have b'])
    expect(target.cancelled).to.deep.equal([a])
  })
})
