import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'

const have = (b: Bench, peer: string): boolean[] => b.take(peer).presences.map(({ have }) => have)

describe('engine: presences', () => {
  const block = testBlock(1)
  const small = testBlock(2, 100)

  it('asks members for a HAVE if a client wants a HAVE, and then the member that has the block for the block', () => {
    const b = bench()
    b.want('p', entry(block, { wantType: 'have' }))
    expect(b.asks[0].want.type).to.equal('have')
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'have')
    expect(have(b, 'p')).to.deep.equal([true])
    b.want('p', entry(block))
    expect(b.asks.at(-1)).to.deep.include({ member: 'b' })
    expect(b.asks.at(-1)?.want.type).to.equal('block')
    b.block('b', block)
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('upgrades an open want-have when the block is wanted', () => {
    const b = bench()
    b.want('p', entry(block, { wantType: 'have' }))
    b.want('p', entry(block))
    expect(b.asks.map(({ member, want }) => [member, want.type])).to.deep.equal([['a', 'have'], ['a', 'block']])
    b.answer('a', block, 'have')
    expect(b.take('p').presences).to.be.empty()
    b.block('a', block)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('takes back a DONT_HAVE that has not left when the client asks again, and sends it when it is certain again', () => {
    const b = bench()
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    // a comes back, and may have the block by now
    b.engine.put({ t: 'down', member: 'a' })
    b.engine.put({ t: 'up', member: 'a' })
    b.flush()
    b.want('p', entry(block))
    expect(have(b, 'p')).to.be.empty()
    b.answer('a', block, 'dont-have')
    expect(have(b, 'p')).to.deep.equal([false])
  })

  it('drops the presence of a want that is cancelled before it has left, and answers a new want by newer answers', () => {
    const b = bench()
    b.want('p', entry(block, { wantType: 'have' }))
    b.answer('a', block, 'have')
    b.want('p', entry(block, { cancel: true }))
    expect(b.engine.status().unsent).to.equal(0)
    b.want('p', entry(block, { wantType: 'have' }))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    expect(have(b, 'p')).to.deep.equal([false])
  })

  it('keeps a waiting HAVE when the client asks again, though the window is full', () => {
    const b = bench({ limits: { unsentPerClient: 2100 } })
    b.want('p', entry(block, { wantType: 'have' }), entry(block, { cid: block.v0 }))
    b.block('a', block)
    b.want('p', entry(block, { wantType: 'have' }))
    expect(have(b, 'p')).to.deep.equal([true])
  })

  it('counts the HAVE of a member that has the block after all, while another is being asked', () => {
    const b = bench()
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.answer('a', block, 'have')
    b.answer('b', block, 'dont-have')
    expect(have(b, 'p')).to.be.empty()
    expect(b.askedFor(block)).to.deep.equal(['a', 'b', 'a'])

    b.want('q', entry(small, { wantType: 'have' }))
    b.answer('a', small, 'dont-have')
    b.answer('a', small, 'have')
    expect(have(b, 'q')).to.deep.equal([true])
    expect(b.cancels.at(-1)?.member).to.equal('b')
  })

  it('sends a member no upgrade whose attempt has ended before the flush', () => {
    const b = bench({ members: [{ id: 'a' }] })
    b.want('p', entry(block, { wantType: 'have' }))
    b.engine.put({ t: 'message', client: 'q', wants: [entry(block)], full: false })
    b.engine.put({ t: 'answer', member: 'a', key: block.key, answer: 'dont-have' })
    b.flush()
    expect(b.asks.map(({ want }) => want.type)).to.deep.equal(['have'])
    expect(have(b, 'q')).to.deep.equal([false])
  })

  it('answers a want-have with the block itself if that is small, as boxo does', () => {
    const b = bench()
    b.want('p', entry(small, { wantType: 'have' }))
    b.block('a', small)
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.engine.status()).to.include({ wants: 0 })
  })

  it('says DONT_HAVE once, when every member is certain, and delivers a block that arrives later', () => {
    const b = bench()
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    expect(have(b, 'p')).to.be.empty()
    b.answer('b', block, 'dont-have')
    expect(have(b, 'p')).to.deep.equal([false])
    b.pass(120_000)
    expect(have(b, 'p')).to.be.empty()
    b.block('a', block)
    expect(b.take('p').blocks).to.have.length(1)
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['b'])
  })

  it('says nothing to a client that did not ask for a DONT_HAVE', () => {
    const b = bench()
    b.want('p', entry(block, { sendDontHave: false }))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    expect(have(b, 'p')).to.be.empty()
  })

  it('never sends a DONT_HAVE while a member cannot tell', () => {
    const b = bench()
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'unknown')
    b.pass(25_000)
    expect(have(b, 'p')).to.be.empty()
  })

  it('never sends a DONT_HAVE while a member is down, until that has lasted a minute', () => {
    const b = bench()
    b.engine.put({ t: 'down', member: 'b' })
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.pass(55_000)
    expect(have(b, 'p')).to.be.empty()
    b.pass(10_000)
    expect(have(b, 'p')).to.deep.equal([false])
  })

  it('never sends a DONT_HAVE while all are down, and serves when one returns', () => {
    const b = bench({ up: false })
    b.want('p', entry(block))
    b.pass(300_000)
    expect(have(b, 'p')).to.be.empty()
    b.engine.put({ t: 'up', member: 'b' })
    b.flush()
    expect(b.askedFor(block)).to.deep.equal(['b'])
    b.block('b', block)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('never takes a HAVE back', () => {
    const b = bench()
    b.want('p', entry(block, { wantType: 'have' }))
    b.answer('a', block, 'have')
    expect(have(b, 'p')).to.deep.equal([true])
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    expect(have(b, 'p')).to.be.empty()
    b.pass(120_000)
    expect(have(b, 'p')).to.be.empty()
  })

  it('tells a second client that a HAVE is known without asking again', () => {
    const b = bench()
    b.want('p', entry(block, { wantType: 'have' }))
    b.answer('a', block, 'have')
    b.want('q', entry(block, { wantType: 'have' }))
    expect(have(b, 'q')).to.deep.equal([true])
    expect(b.askedFor(block)).to.have.length(1)
  })

  it('sends no presences to clients of 1.0 and 1.1, and blocks all the same', () => {
    for (const protocol of ['/ipfs/bitswap/1.1.0', '/ipfs/bitswap/1.0.0', '/ipfs/bitswap'] as const) {
      const b = bench()
      b.want('p', entry(block))
      b.answer('a', block, 'dont-have')
      b.answer('b', block, 'dont-have')
      expect(b.take('p', protocol).presences).to.be.empty()
      b.block('b', block)
      expect(b.take('p', protocol).blocks).to.have.length(1)
      expect(b.engine.status()).to.include({ unsent: 0 })
    }
  })

  it('keeps a limited number of standing wants at a member, and later asks again for those that it cancelled', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { standingPerMember: 2 } })
    const blocks = [1, 2, 3].map(seed => testBlock(seed))

    for (const block of blocks) {
      b.want('p', entry(block))
      b.answer('a', block, 'dont-have')
    }

    expect(b.cancels.map(({ want }) => want.key)).to.deep.equal([blocks[0].key])
    b.pass(31_000)
    expect(b.askedFor(blocks[0])).to.have.length(2)
    expect(b.askedFor(blocks[2])).to.have.length(1)
  })

  it('starts the timeout again when a want-have becomes a want-block', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }] })
    const [older, block] = [testBlock(1), testBlock(2)]
    b.want('p', entry(block, { wantType: 'have' }))
    b.want('p', entry(older))
    b.pass(2900)
    b.want('p', entry(block))
    b.pass(150)
    // the first timeout is 3 s: the other want has had it
    expect(b.askedFor(older)).to.deep.equal(['a', 'b'])
    expect(b.askedFor(block)).to.deep.equal(['a', 'a'])
    b.pass(2900)
    expect(b.askedFor(block)).to.deep.equal(['a', 'a', 'b'])
  })

  it('a DONT_HAVE of a member that keeps no wants ages: a client that asks 25 s later gets no DONT_HAVE before the member is asked', () => {
    const b = bench({ members: [{ id: 's' }] })
    b.engine.put({ t: 'up', member: 's', capacity: { standing: 0 } })
    const block = testBlock(1)
    b.want('p', entry(block))
    b.answer('s', block, 'dont-have')
    expect(b.take('p').presences).to.have.length(1)

    b.pass(4000)
    b.want('q', entry(block))
    expect(b.askedFor(block)).to.have.length(1)
    expect(b.take('q').presences).to.have.length(1)

    b.pass(21_000)
    b.want('r', entry(block))
    expect(b.askedFor(block)).to.have.length(2)
    expect(b.take('r').presences).to.be.empty()
    b.block('s', block)

    for (const peer of ['p', 'q', 'r']) {
      expect(b.take(peer).blocks).to.have.length(1)
    }
  })

  it('it ages while other members are asked, too: a client that asks again gets no DONT_HAVE because of an old answer', () => {
    const b = bench({ members: [{ id: 's' }, { id: 't' }] })
    b.engine.put({ t: 'up', member: 's', capacity: { standing: 0 } })
    const block = testBlock(1)
    b.want('p', entry(block, { wantType: 'have' }))
    b.answer('s', block, 'dont-have')
    b.answer('t', block, 'have')
    expect(b.take('p').presences).to.have.length(1)

    // t has lost it meanwhile, and s has got it
    b.pass(6000)
    b.want('p', entry(block))
    b.answer('t', block, 'dont-have')
    expect(b.take('p').presences).to.be.empty()
    expect(b.askedFor(block)).to.deep.equal(['s', 't', 't', 's'])
    b.block('s', block)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('no member is asked once all remaining clients have their HAVE, not even when it is time to ask again', () => {
    const b = bench({ members: [{ id: 'a' }, { id: 'b' }] })
    const block = testBlock(1)
    b.want('p', entry(block, { wantType: 'have' }))
    b.answer(b.askedFor(block)[0], block, 'have')
    b.want('r', entry(block))
    expect(b.engine.status().active).to.equal(1)
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    b.want('r', entry(block, { cancel: true }))
    b.pass(60_000)
    expect(b.engine.status().active).to.equal(0)
  })

  it('a DONT_HAVE of a member that keeps the want does not age, since the member would send the block', () => {
    const b = bench({ members: [{ id: 'a' }] })
    const block = testBlock(1)
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.pass(25_000)
    b.want('r', entry(block))
    expect(b.askedFor(block)).to.have.length(1)
    expect(b.take('r').presences).to.have.length(1)
  })
})
