import { fakeClock, seededRandom } from '@kitsune/want-router/testing'
import { expect } from 'aegir/chai'
import { createCatalogue } from '../../src/models/catalogue.ts'
import { createModelMember } from '../../src/models/member.ts'
import { parseScenario } from '../../src/scenario/parser.ts'
import { contentBlockKey, contentCid, contentIndex, contentKey } from '../../src/world/content.ts'
import { scenarioOf } from '../harness.ts'
import type { Scenario } from '../../src/scenario/schema.ts'
import type { Target, TargetWant } from '@kitsune/want-router'
import type { FakeClock } from '@kitsune/want-router/testing'

const want = (n: number, type: 'block' | 'have' = 'block'): TargetWant => ({ key: contentKey(n), cid: contentCid(n), type, priority: 1, session: 's' })

interface Rig { clock: FakeClock, target: Target, said: string[], looked: boolean[], open (): number }

/** A member that takes a round number of ms for everything, and its reports with their times. */
function rig (model: Partial<Scenario['members'][number]>): Rig {
  const clock = fakeClock()
  const [full] = parseScenario(scenarioOf({ members: [{ id: 'node', network: 0, service: 10, presence: 1, ...model }] })).members
  const said: string[] = []
  const looked: boolean[] = []
  let open = 0
  const target = createModelMember('node', full, { clock, random: () => seededRandom(1) }, createCatalogue({ seed: 1, sizes: 1000, members: ['node'] }), {
    asked () { open++ },
    ended () { open-- },
    looked (hit) { looked.push(hit) }
  })
  const say = (text: string): void => { said.push(`${clock.now()} ${text}`) }
  void target.start({
    up () { say('up') },
    down () { say('down') },
    load () {},
    answer (key, answer) { say(answer) },
    report () {},
    block (cid, bytes) {
      expect(contentBlockKey(bytes)).to.equal(contentKey(contentIndex(cid)))
      say(`block ${contentIndex(cid)}`)

      return undefined
    }
  })
  clock.pass(0)

  return { clock, target, said, looked, open: () => open }
}

describe('a modelled member', () => {
  it('is up at once and sends what it is asked for', () => {
    const { clock, target, said, open } = rig({ network: 5 })
    target.ask([want(1)])
    expect(open()).to.equal(1)
    clock.pass(100)
    expect(said).to.deep.equal(['0 up', '15 block 1'])
    expect(open()).to.equal(0)
  })

  it('works on one block for each worker; the others queue in order', () => {
    const { clock, target, said } = rig({ workers: 2 })
    target.ask([want(1), want(2), want(3), want(4), want(5)])
    clock.pass(100)
    expect(said.slice(1)).to.deep.equal(['10 block 1', '10 block 2', '20 block 3', '20 block 4', '30 block 5'])
  })

  it('shares its bandwidth between its blocks', () => {
    const { clock, target, said } = rig({ bandwidth: 100_000 })
    target.ask([want(1), want(2)])
    clock.pass(100)
    expect(said.slice(1)).to.deep.equal(['20 block 1', '30 block 2'])
  })

  it('sends HAVE and DONT_HAVE past the queue', () => {
    const { clock, target, said } = rig({ workers: 1 })
    target.ask([want(1), want(2), want(3, 'have'), want(2 ** 52)])
    clock.pass(100)
    expect(said.slice(1)).to.deep.equal(['1 have', '1 dont-have', '10 block 1', '20 block 2'])
  })

  it('never begins a want that is cancelled in the queue, and sends nothing for one that is cancelled later', () => {
    const { clock, target, said, open } = rig({ workers: 1 })
    target.ask([want(1), want(2), want(3)])
    clock.pass(5)
    target.cancel([want(1), want(2)])
    expect(open()).to.equal(1)
    clock.pass(100)
    expect(said.slice(1)).to.deep.equal(['20 block 3'])
  })

  it('sends one block to a client that asks for a HAVE and then for the block', () => {
    const { clock, target, said, open } = rig({ presence: 50 })
    target.ask([want(1, 'have')])
    target.ask([want(1)])
    clock.pass(100)
    expect(said.slice(1)).to.deep.equal(['10 block 1'])
    expect(open()).to.equal(0)
  })

  it('takes less time for a block in its cache, and evicts the least recently used', () => {
    const { clock, target, said, looked } = rig({ cache: { blocks: 2, hit: 1 } })

    for (const n of [1, 2, 1, 3, 1, 2]) {
      target.ask([want(n)])
      clock.pass(10)
    }

    expect(looked).to.deep.equal([false, false, true, false, true, false])
    expect(said.slice(1)).to.deep.equal(['10 block 1', '20 block 2', '21 block 1', '40 block 3', '41 block 1', '60 block 2'])
  })

  it('is down from time to time, and loses the answers that it owed, and its cache if it is cold then', () => {
    const { clock, target, said, open } = rig({ cache: { blocks: 9, hit: 1 }, phases: [{ from: 15, to: 20, every: 50, down: true, cold: true }] })
    target.ask([want(1)])
    clock.pass(12)
    target.ask([want(2)])
    clock.pass(8)
    expect(open()).to.equal(0)
    target.ask([want(1)])
    clock.pass(100)
    expect(said).to.deep.equal(['0 up', '10 block 1', '15 down', '20 up', '30 block 1', '65 down', '70 up', '115 down', '120 up'])
  })

  it('can stall: it sends nothing until that is over', () => {
    const { clock, target, said } = rig({ workers: 1, phases: [{ from: 5, to: 50, stalled: true }] })
    target.ask([want(1), want(2)])
    clock.pass(20)
    target.ask([want(3), want(4, 'have')])
    clock.pass(100)
    expect(said.slice(1)).to.have.members(['51 have', '60 block 1', '70 block 2', '80 block 3'])
  })

  it('is busy with others, which take its workers unseen', () => {
    const { clock, target, said, open } = rig({ workers: 1, phases: [{ from: 5, to: 25, others: 1000 }] })
    clock.pass(25)
    // twenty have come, and one leaves every 10 ms
    target.ask([want(1)])
    expect(open()).to.equal(1)
    clock.pass(1000)
    expect(said).to.have.length(2)
    expect(Number(said[1].split(' ')[0])).to.be.within(120, 350)
  })

  it('sends a block that it did not have as soon as it gets it, while that is wanted', () => {
    const { clock, target, said } = rig({ holds: 0, phases: [{ from: 10, holds: 1 }] })
    target.ask([want(1), want(2)])
    clock.pass(5)
    target.cancel([want(1)])
    clock.pass(100)
    expect(said.slice(1)).to.deep.equal(['1 dont-have', '1 dont-have', '10 block 2'])
  })
})
