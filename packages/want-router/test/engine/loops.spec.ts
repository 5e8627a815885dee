import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'

const block = testBlock(1)

/** An engine whose member `a` is the peer `A`. */
function withClientMember (members = [{ id: 'a' }, { id: 'b' }]): Bench {
  const b = bench({ members, up: false })

  for (const { id } of members) {
    b.engine.put({ t: 'up', member: id, peer: id.toUpperCase() })
  }

  b.flush()

  return b
}

describe('engine: members that are clients', () => {
  it('are not asked for what no other client wants', () => {
    const b = withClientMember()
    b.want('A', entry(block))
    expect(b.askedFor(block)).to.deep.equal(['b'])
    b.block('b', block)
    expect(b.take('A').blocks).to.have.length(1)
  })

  it('get a DONT_HAVE when all others have answered DONT_HAVE, since a member that wants a block does not have it', () => {
    const b = withClientMember()
    b.want('A', entry(block))
    b.answer('b', block, 'dont-have')
    expect(b.take('A').presences.map(({ have }) => have)).to.deep.equal([false])
    const alone = withClientMember([{ id: 'a' }])
    alone.want('A', entry(block))
    expect(alone.askedFor(block)).to.be.empty()
  })

  it('are asked when another client wants the same', () => {
    const b = withClientMember([{ id: 'a' }])
    b.want('A', entry(block))
    b.want('p', entry(block))
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.answer('a', block, 'dont-have')
    expect(b.take('p').presences.map(({ have }) => have)).to.deep.equal([false])
  })

  it('are no longer asked when no other client wants the block any more', () => {
    for (const leave of [
      (b: Bench) => { b.want('p', entry(block, { cancel: true })) },
      (b: Bench) => {
        b.engine.put({ t: 'gone', client: 'p' })
        b.flush()
      }
    ]) {
      const b = withClientMember([{ id: 'a' }])
      b.want('p', entry(block))
      b.want('A', entry(block))
      leave(b)
      expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
      expect(b.engine.status().members[0].load.wants).to.equal(0)
    }
  })

  it('do not keep other members from being asked again', () => {
    const b = withClientMember()
    b.want('A', entry(block))
    b.answer('b', block, 'unknown')
    b.pass(5000)
    expect(b.askedFor(block)).to.deep.equal(['b', 'b'])
  })

  it('keep no standing want of which they are the only waiters', () => {
    const b = withClientMember([{ id: 'a' }])
    b.want('p', entry(block))
    b.want('A', entry(block))
    b.answer('a', block, 'dont-have')
    b.want('p', entry(block, { cancel: true }))
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
  })

  it('are asked last for a block that they begin to want while they are asked for it', () => {
    const b = withClientMember([{ id: 'a' }, { id: 'b' }, { id: 'c' }])
    b.want('p', entry(block))
    b.want('A', entry(block))
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    b.want('B', entry(block))
    b.answer('c', block, 'dont-have')
    // all members that do not want it have answered
    expect(b.askedFor(block).slice(2)).to.deep.equal(['c', 'a'])
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a', 'b'])
  })

  it('are no longer clients once they have come back with another peer id', () => {
    const b = withClientMember([{ id: 'a' }])
    b.engine.put({ t: 'down', member: 'a' })
    b.engine.put({ t: 'up', member: 'a', peer: 'Z' })
    b.want('A', entry(block))
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.want('Z', entry(testBlock(2)))
    expect(b.askedFor(testBlock(2))).to.be.empty()
  })

  it('are recognised by the peer that they say they ask for, whichever comes first', () => {
    const before = withClientMember([{ id: 'a' }])
    before.engine.put({ t: 'stands-for', client: 'x', of: 'A' })
    before.want('x', entry(block))
    expect(before.askedFor(block)).to.be.empty()

    const after = bench({ members: [{ id: 'a' }], up: false })
    after.want('x', entry(block))
    after.engine.put({ t: 'stands-for', client: 'x', of: 'A' })
    after.engine.put({ t: 'up', member: 'a', peer: 'A' })
    after.flush()
    expect(after.askedFor(block)).to.be.empty()
  })

  it('are no longer asked for what they wanted before they were recognised', () => {
    const b = withClientMember([{ id: 'a' }])
    b.want('x', entry(block))
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.engine.put({ t: 'stands-for', client: 'x', of: 'A' })
    b.flush()
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
    expect(b.take('x').presences.map(({ have }) => have)).to.deep.equal([false])
  })

  it('in two engines that are members of each other, a want ends with its client', () => {
    const ends = new Map<string, Bench>()
    const engines: Record<string, Bench> = {
      left: bench({ members: [{ id: 'right' }], up: false }),
      right: bench({ members: [{ id: 'left' }], up: false })
    }
    ends.set('left', engines.right)
    ends.set('right', engines.left)

    for (const [name, b] of Object.entries(engines)) {
      const other = name === 'left' ? 'right' : 'left'
      b.engine.put({ t: 'stands-for', client: `${other}-downstream`, of: other })
      b.engine.put({ t: 'up', member: other, peer: other })
      b.flush()
    }

    /** Carries the messages of each to the other, until both are silent. */
    function carry (): void {
      for (let busy = true; busy;) {
        busy = false

        for (const [name, b] of Object.entries(engines)) {
          const other = ends.get(name)

          for (const { want } of b.cancels.splice(0)) {
            busy = true
            other?.want(`${name}-downstream`, { cid: want.cid, priority: 1, cancel: true, wantType: 'block', sendDontHave: true })
          }

          for (const { want } of b.asks.splice(0)) {
            busy = true
            other?.want(`${name}-downstream`, { cid: want.cid, priority: 1, cancel: false, wantType: want.type, sendDontHave: true })
          }

          const { presences } = other?.take(`${name}-downstream`) ?? { presences: [] }

          for (const { cid, have } of presences) {
            busy = true
            const found = wanted.find(block => block.cid.every((byte, i) => byte === cid[i]))

            if (found != null) {
              b.answer(name === 'left' ? 'right' : 'left', found, have ? 'have' : 'dont-have')
            }
          }
        }
      }
    }

    const wanted: TestBlock[] = Array.from({ length: 200 }, (_, i) => testBlock(i))
    engines.left.want('client', ...wanted.map(block => entry(block)))
    engines.right.want('other', ...wanted.slice(0, 100).map(block => entry(block)))
    carry()
    expect(engines.left.take('client').presences).to.have.length(200)
    engines.left.want('client', ...wanted.map(block => entry(block, { cancel: true })))
    engines.right.want('other', ...wanted.map(block => entry(block, { cancel: true })))
    carry()

    for (let second = 0; second < 30; second++) {
      for (const b of Object.values(engines)) {
        b.pass(1000)
      }

      carry()
    }

    expect(engines.left.engine.status()).to.include({ wants: 0, fetches: 0 })
    expect(engines.right.engine.status()).to.include({ wants: 0, fetches: 0 })
    expect(engines.left.engine.status().totals.wants + engines.right.engine.status().totals.wants).to.be.below(1000)
  })
})
