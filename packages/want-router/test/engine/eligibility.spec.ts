import { expect } from 'aegir/chai'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench } from './harness.ts'
import type { Verdict } from '../../src/policies/policy.ts'

const block = testBlock(1)
const other = testBlock(2)

type Init = NonNullable<Parameters<typeof bench>[0]>

const only = (...members: string[]): Verdict => ({ only: members })
const strictly = (...members: string[]): Verdict => ({ only: members, strict: true })

/** A bench with members a, b and c, in that order. */
const policed = (init: Init = {}): Bench => bench({ admission: true, members: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], ...init })

/** A client wants a block, and the verdict is that. */
function want (b: Bench, client: string, verdict: Verdict, type: 'have' | 'block' = 'block', what = block): void {
  b.want(client, entry(what, { wantType: type }))
  b.verdict(verdict)
}

const said = (b: Bench, client: string): boolean[] => b.take(client).presences.map(({ have }) => have)
const got = (b: Bench, client: string): number => b.take(client).blocks.length
const cancelled = (b: Bench): string[] => b.cancels.map(({ member }) => member)

describe('engine: a want that only some members are asked for', () => {
  it('goes to these, in the order of the strategy, and to no other', () => {
    const b = policed()
    want(b, 'p', only('c', 'b'))
    expect(b.askedFor(block)).to.deep.equal(['b'])
    b.answer('b', block, 'dont-have')
    b.answer('c', block, 'failed')
    b.pass(60_000)
    expect(new Set(b.askedFor(block))).to.deep.equal(new Set(['b', 'c']))
  })

  it('gets DONT_HAVE when these are certain', () => {
    const b = policed()
    want(b, 'p', only('a', 'b'))
    b.answer('a', block, 'dont-have')
    expect(said(b, 'p')).to.be.empty()
    b.answer('b', block, 'dont-have')
    expect(said(b, 'p')).to.deep.equal([false])
  })

  it('gets no DONT_HAVE while it names one that is not a member', () => {
    const b = policed()
    want(b, 'p', only('a', 'z'))
    b.answer('a', block, 'dont-have')
    b.pass(120_000)
    expect(said(b, 'p')).to.be.empty()
  })

  it('is asked again of these when they failed', () => {
    const b = policed()
    want(b, 'p', only('b'))
    b.answer('b', block, 'failed')
    b.pass(5000)
    expect(b.askedFor(block)).to.deep.equal(['b', 'b'])
  })

  it('waits for one that is down, and is asked of it when it comes up', () => {
    const b = policed()
    b.engine.put({ t: 'down', member: 'b' })
    want(b, 'p', only('b'))
    expect(b.asks).to.be.empty()
    b.engine.put({ t: 'up', member: 'b' })
    b.flush()
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('does not hold up what else its client wants while these are busy', () => {
    const b = policed({ limits: { wantsPerMember: 1 } })
    want(b, 'q', only('b'), 'block', testBlock(7))
    b.want('p', entry(block, { priority: 2 }), entry(other, { priority: 1 }))
    const [first, second] = b.asked.slice(-2)
    b.engine.put({ t: 'verdicts', client: 'p', verdicts: [{ ...first, verdict: only('b') }, { ...second, verdict: 'pass' }] })
    b.flush()
    expect(b.askedFor(other)).to.deep.equal(['a'])
    b.block('b', testBlock(7))
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })
})

describe('engine: a fetch that is shared by clients which may use different members', () => {
  it('goes to any that one of them may use, and its block serves all', () => {
    const b = policed()
    want(b, 'p', only('b'))
    want(b, 'q', only('c'))
    expect(b.askedFor(block)).to.deep.equal(['b'])
    b.answer('b', block, 'dont-have')
    expect(b.askedFor(block)).to.deep.equal(['b', 'c'])
    b.block('c', block)
    expect([got(b, 'p'), got(b, 'q')]).to.deep.equal([1, 1])
    expect(b.askedFor(block)).not.to.include('a')
  })

  it('tells each what its members say, also while the fetch is open', () => {
    const b = policed()
    want(b, 'p', only('a'))
    want(b, 'q', 'pass')
    b.answer('a', block, 'dont-have')
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    expect(said(b, 'p')).to.deep.equal([false])
    expect(said(b, 'q')).to.be.empty()
    want(b, 'r', only('a'))
    expect(said(b, 'r')).to.deep.equal([false])
    b.answer('b', block, 'dont-have')
    b.answer('c', block, 'dont-have')
    expect(said(b, 'q')).to.deep.equal([false])
    expect(said(b, 'p')).to.be.empty()
  })

  it('says HAVE to those that may use the member which has it, and goes on for the others', () => {
    const b = policed()
    want(b, 'p', only('b'), 'have')
    want(b, 'q', 'pass', 'have')
    b.answer('b', block, 'dont-have')
    b.answer('a', block, 'have')
    expect(said(b, 'q')).to.deep.equal([true])
    expect(said(b, 'p')).to.deep.equal([false])
    want(b, 'r', only('c'), 'have')
    expect(said(b, 'r')).to.be.empty()
    expect(b.askedFor(block).at(-1)).to.equal('c')
    b.answer('c', block, 'have')
    expect(said(b, 'r')).to.deep.equal([true])
    b.want('q', entry(block))
    b.verdict('pass')
    expect(b.asks.at(-1)).to.deep.include({ member: 'a' })
  })

  it('asks a member for the block only for those that want it and may use that member', () => {
    const b = policed()
    want(b, 'p', only('c'))
    b.answer('c', block, 'unknown')
    want(b, 'q', only('b'), 'have')
    expect(b.asks.map(({ member, want: { type } }) => [member, type])).to.deep.equal([['c', 'block'], ['b', 'have']])
  })

  it('an upgrade by one that may not use the member leaves the want-have there', () => {
    const b = policed()
    want(b, 'p', only('a'), 'have')
    want(b, 'q', only('b'))
    expect(b.asks.map(({ member, want: { type } }) => [member, type])).to.deep.equal([['a', 'have']])
    b.answer('a', block, 'have')
    expect(said(b, 'p')).to.deep.equal([true])
    expect(b.asks.map(({ member, want: { type } }) => [member, type])).to.deep.equal([['a', 'have'], ['b', 'block']])
  })

  it('when the one leaves that may use the member it is taken back, and goes on where the others may', () => {
    const b = policed()
    want(b, 'p', 'pass')
    want(b, 'q', only('b'))
    b.want('p', entry(block, { cancel: true }))
    expect(cancelled(b)).to.deep.equal(['a'])
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
  })

  it('passes to one that may use the member, whichever came first', () => {
    const b = policed({ members: [{ id: 'a' }, { id: 'b' }] })
    want(b, 'p', only('b'))
    want(b, 'q', only('a'))
    want(b, 'r', only('a', 'b'))
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(b.cancels).to.be.empty()
    b.block('b', block)
    expect([got(b, 'q'), got(b, 'r')]).to.deep.equal([1, 1])
  })

  it('leaves nothing standing at members that none of the rest may use', () => {
    const b = policed()
    want(b, 'p', 'pass')
    want(b, 'q', only('b'))
    b.answer('a', block, 'dont-have')
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    b.want('p', entry(block, { cancel: true }))
    expect(cancelled(b)).to.deep.equal(['a'])
  })

  it('what came to nothing for one is looked for at once where another may', () => {
    const b = policed()
    want(b, 'p', only('a'))
    b.answer('a', block, 'dont-have')
    want(b, 'q', 'pass')
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
  })

  it('is charged to a client that may use the member, even in the round of another', () => {
    const b = policed({ limits: { wantsPerMember: 1 } })
    b.engine.put({ t: 'down', member: 'a' })
    want(b, 'p', only('a'))
    want(b, 'q', only('b'))
    expect(b.askedFor(block)).to.deep.equal(['b'])
    b.engine.put({ t: 'gone', client: 'q' })
    b.flush()
    expect(cancelled(b)).to.deep.equal(['b'])
  })

  it('an upgrade may be admitted for other members', () => {
    const b = policed()
    want(b, 'p', 'pass', 'have')
    b.answer('a', block, 'have')
    expect(said(b, 'p')).to.deep.equal([true])
    b.want('p', entry(block))
    b.verdict(only('c'))
    expect(b.asks.at(-1)).to.deep.include({ member: 'c' })
    b.answer('c', block, 'dont-have')
    expect(said(b, 'p')).to.deep.equal([], 'a HAVE is not taken back')
    b.block('c', block)
    expect(got(b, 'p')).to.equal(1)
  })

  it('hedges where the client may', () => {
    const b = policed({ limits: { hedgeShare: 0.5 } })

    for (let n = 10; n < 60; n++) {
      want(b, 'w', 'pass', 'have', testBlock(n))
      b.now += 5
      b.answer('a', testBlock(n), 'have')
    }

    want(b, 'p', only('a', 'c'), 'have')
    b.pass(500)
    expect(b.askedFor(block)).to.deep.equal(['a', 'c'])
  })
})

describe('engine: a strict want', () => {
  it('is not served what others send for others, and has its own fetch', () => {
    const b = policed()
    want(b, 'p', strictly('b'))
    want(b, 'q', 'pass')
    expect(b.askedFor(block)).to.deep.equal(['b', 'a'])
    b.block('a', block)
    expect([got(b, 'p'), got(b, 'q')]).to.deep.equal([0, 1])
    b.block('b', block)
    expect(got(b, 'p')).to.equal(1)
  })

  it('shares it with wants of the same members, in whatever order they are named', () => {
    const b = policed()
    want(b, 'p', strictly('b', 'c'))
    want(b, 'q', strictly('c', 'b'))
    want(b, 'r', strictly('c'))
    expect(b.askedFor(block)).to.deep.equal(['b', 'c'])
    b.block('b', block)
    expect([got(b, 'p'), got(b, 'q'), got(b, 'r')]).to.deep.equal([1, 1, 0])
  })

  it('brings its block to those that may have it from anywhere', () => {
    const b = policed()
    want(b, 'p', strictly('c'))
    want(b, 'q', 'pass')
    b.block('c', block)
    expect([got(b, 'p'), got(b, 'q')]).to.deep.equal([1, 1])
    expect(cancelled(b)).to.deep.equal(['a'])
  })

  it('waits where the member is asked already for others: a node keeps wants by CID', () => {
    const b = policed({ members: [{ id: 'a' }] })
    want(b, 'q', 'pass')
    want(b, 'p', strictly('a'))
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.answer('a', block, 'dont-have')
    expect(said(b, 'q')).to.deep.equal([false])
    expect(b.askedFor(block)).to.deep.equal(['a', 'a'])
    b.answer('a', block, 'dont-have')
    expect(said(b, 'p')).to.deep.equal([false])
    b.engine.put({ t: 'gone', client: 'p' })
    b.engine.put({ t: 'gone', client: 'q' })
    b.flush()
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('does not hold up what else its client wants at that member', () => {
    const b = policed({ members: [{ id: 'a' }] })
    want(b, 'q', 'pass')
    want(b, 'p', strictly('a'))
    want(b, 'p', only('a'), 'block', other)
    expect(b.askedFor(other)).to.deep.equal(['a'])
  })
})

describe('engine: a restricted want while members come and go', () => {
  function join (b: Bench, member: string): void {
    b.put({ t: 'add', member })
    b.put({ t: 'up', member })
  }

  it('is asked of one that is named and joins later', () => {
    const b = policed()
    want(b, 'p', only('z'))
    want(b, 'q', strictly('z', 'y'))
    expect(b.asks).to.be.empty()
    join(b, 'd')
    expect(b.asks).to.be.empty()
    join(b, 'z')
    expect(b.askedFor(block)).to.deep.equal(['z'])
    b.answer('z', block, 'dont-have')
    expect(said(b, 'p')).to.deep.equal([false])
    expect(b.askedFor(block)).to.deep.equal(['z', 'z'])
    b.block('z', block)
    expect([got(b, 'p'), got(b, 'q')]).to.deep.equal([1, 1])
  })

  it('is not asked of one that drains, gets no DONT_HAVE, and is asked when that is over', () => {
    const b = policed()
    b.put({ t: 'update', member: 'b', draining: true })
    want(b, 'p', only('b'))
    b.pass(120_000)
    expect(b.asks).to.be.empty()
    expect(said(b, 'p')).to.be.empty()
    b.put({ t: 'update', member: 'b', draining: false })
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('waits no longer for a place at one that drains', () => {
    const b = policed({ limits: { wantsPerMember: 1 } })
    want(b, 'q', only('b'), 'block', other)
    want(b, 'p', only('b'))
    b.put({ t: 'update', member: 'b', draining: true })
    b.block('b', other)
    expect(b.askedFor(block)).to.be.empty()
    b.put({ t: 'update', member: 'b', draining: false })
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('goes to another when one is removed, and gets no DONT_HAVE: the name is not that of a member', () => {
    const b = policed()
    want(b, 'p', only('a', 'b'))
    b.put({ t: 'remove', member: 'a' })
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    b.answer('b', block, 'dont-have')
    b.pass(300_000)
    expect(said(b, 'p')).to.be.empty()
    expect(b.askedFor(block)).not.to.include('c')
  })

  it('gets DONT_HAVE whichever other member was removed, and while it names one that was for a minute not', () => {
    const b = policed()
    b.put({ t: 'remove', member: 'c' })
    want(b, 'p', only('a'))
    want(b, 'q', only('a', 'c'))
    b.answer('a', block, 'dont-have')
    expect(said(b, 'p')).to.deep.equal([false])
    join(b, 'c')
    b.answer('c', block, 'dont-have')
    expect(said(b, 'q')).to.be.empty()
    b.pass(60_000)
    expect(said(b, 'q')).to.deep.equal([false])
  })

  it('takes the word of another member of that name, and not that of the old one', () => {
    const b = policed({ limits: { forgetDownAfter: 0 } })
    want(b, 'p', only('a'))
    b.answer('a', block, 'dont-have')
    expect(said(b, 'p')).to.deep.equal([false])
    b.put({ t: 'remove', member: 'a' })
    join(b, 'a')
    expect(b.askedFor(block)).to.deep.equal(['a', 'a'])
    want(b, 'q', only('a'))
    expect(said(b, 'q')).to.be.empty()
    b.answer('a', block, 'dont-have')
    expect(said(b, 'q')).to.deep.equal([false])
  })

  it('is asked for on the account of one that may use the next member', () => {
    const b = policed()
    want(b, 'p', only('a'))
    want(b, 'q', only('b'))
    b.put({ t: 'remove', member: 'a' })
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    b.put({ t: 'gone', client: 'p' })
    expect(b.cancels).to.be.empty()
    b.put({ t: 'gone', client: 'q' })
    expect(cancelled(b)).to.deep.equal(['b'])
  })

  it('is one of which a cache may be offered the block; one that is parked is not', () => {
    const b = policed()
    b.want('p', entry(block))
    expect(b.engine.isWanted(block.key)).to.be.false()
    b.verdict(strictly('b'))
    expect(b.engine.isWanted(block.key)).to.be.true()
  })

  it('that is parked is asked of the members that there are when it is admitted', () => {
    const b = policed()
    b.want('p', entry(block))
    b.put({ t: 'remove', member: 'a' })
    b.verdict('pass')
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })
})
