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

/** A client wants a block, and policies give that verdict. */
function want (b: Bench, client: string, verdict: Verdict, type: 'have' | 'block' = 'block', what = block): void {
  b.want(client, entry(what, { wantType: type }))
  b.verdict(verdict)
}

const said = (b: Bench, client: string): boolean[] => b.take(client).presences.map(({ have }) => have)
const got = (b: Bench, client: string): number => b.take(client).blocks.length
const cancelled = (b: Bench): string[] => b.cancels.map(({ member }) => member)

describe('engine: a want that is restricted to some members', () => {
  it('is asked of these, in the order of the strategy, and of no other', () => {
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

  it('gets no DONT_HAVE while it names one that is no member', () => {
    const b = policed()
    want(b, 'p', only('a', 'z'))
    b.answer('a', block, 'dont-have')
    b.pass(120_000)
    expect(said(b, 'p')).to.be.empty()
  })

  it('is asked again of these after they failed', () => {
    const b = policed()
    want(b, 'p', only('b'))
    b.answer('b', block, 'failed')
    b.pass(5000)
    expect(b.askedFor(block)).to.deep.equal(['b', 'b'])
  })

  it('waits for a member that is down, and is asked of it when it comes up', () => {
    const b = policed()
    b.engine.put({ t: 'down', member: 'b' })
    want(b, 'p', only('b'))
    expect(b.asks).to.be.empty()
    b.engine.put({ t: 'up', member: 'b' })
    b.flush()
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('does not hold up other wants of its client while these are busy', () => {
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

describe('engine: a fetch of clients which may use different members', () => {
  it('is asked of any member that one of them may use, and its block serves all', () => {
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

  it('gives each client the answers of its members, also while it is open', () => {
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

  it('says HAVE to clients that may use the member which has the block, and continues for the others', () => {
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

  it('asks a member for the block only if a client that may use the member wants the block', () => {
    const b = policed()
    want(b, 'p', only('c'))
    b.answer('c', block, 'unknown')
    want(b, 'q', only('b'), 'have')
    expect(b.asks.map(({ member, want: { type } }) => [member, type])).to.deep.equal([['c', 'block'], ['b', 'have']])
  })

  it('keeps a want-have if the client that upgrades may not use its member', () => {
    const b = policed()
    want(b, 'p', only('a'), 'have')
    want(b, 'q', only('b'))
    expect(b.asks.map(({ member, want: { type } }) => [member, type])).to.deep.equal([['a', 'have']])
    b.answer('a', block, 'have')
    expect(said(b, 'p')).to.deep.equal([true])
    expect(b.asks.map(({ member, want: { type } }) => [member, type])).to.deep.equal([['a', 'have'], ['b', 'block']])
  })

  it('is cancelled at a member when the only client that may use it leaves, and continues at members of the others', () => {
    const b = policed()
    want(b, 'p', 'pass')
    want(b, 'q', only('b'))
    b.want('p', entry(block, { cancel: true }))
    expect(cancelled(b)).to.deep.equal(['a'])
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
  })

  it('is then charged to a client that may use the member, whichever came first', () => {
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

  it('leaves no standing want at members that none of the other clients may use', () => {
    const b = policed()
    want(b, 'p', 'pass')
    want(b, 'q', only('b'))
    b.answer('a', block, 'dont-have')
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    b.want('p', entry(block, { cancel: true }))
    expect(cancelled(b)).to.deep.equal(['a'])
  })

  it('continues at once at members that only a new client may use', () => {
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

  it('moves when an upgrade is admitted for other members', () => {
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

  it('is hedged only at members that the client may use', () => {
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
  it('has a fetch of its own, and is not served blocks of other members', () => {
    const b = policed()
    want(b, 'p', strictly('b'))
    want(b, 'q', 'pass')
    expect(b.askedFor(block)).to.deep.equal(['b', 'a'])
    b.block('a', block)
    expect([got(b, 'p'), got(b, 'q')]).to.deep.equal([0, 1])
    b.block('b', block)
    expect(got(b, 'p')).to.equal(1)
  })

  it('shares it with wants of the same members, whatever their order', () => {
    const b = policed()
    want(b, 'p', strictly('b', 'c'))
    want(b, 'q', strictly('c', 'b'))
    want(b, 'r', strictly('c'))
    expect(b.askedFor(block)).to.deep.equal(['b', 'c'])
    b.block('b', block)
    expect([got(b, 'p'), got(b, 'q'), got(b, 'r')]).to.deep.equal([1, 1, 0])
  })

  it('serves its block to unrestricted wants, too', () => {
    const b = policed()
    want(b, 'p', strictly('c'))
    want(b, 'q', 'pass')
    b.block('c', block)
    expect([got(b, 'p'), got(b, 'q')]).to.deep.equal([1, 1])
    expect(cancelled(b)).to.deep.equal(['a'])
  })

  it('waits if the member was already asked for others, since nodes keep wants by CID', () => {
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

  it('does not hold up other wants of its client at that member', () => {
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

  it('is asked of a named member that joins later', () => {
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

  it('is not asked of a member that drains, gets no DONT_HAVE, and is asked when it no longer drains', () => {
    const b = policed()
    b.put({ t: 'update', member: 'b', draining: true })
    want(b, 'p', only('b'))
    b.pass(120_000)
    expect(b.asks).to.be.empty()
    expect(said(b, 'p')).to.be.empty()
    b.put({ t: 'update', member: 'b', draining: false })
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('no longer waits for a place at a member that drains', () => {
    const b = policed({ limits: { wantsPerMember: 1 } })
    want(b, 'q', only('b'), 'block', other)
    want(b, 'p', only('b'))
    b.put({ t: 'update', member: 'b', draining: true })
    b.block('b', other)
    expect(b.askedFor(block)).to.be.empty()
    b.put({ t: 'update', member: 'b', draining: false })
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })

  it('continues at another member when one is removed, and gets no DONT_HAVE, since the name is no member', () => {
    const b = policed()
    want(b, 'p', only('a', 'b'))
    b.put({ t: 'remove', member: 'a' })
    expect(b.askedFor(block)).to.deep.equal(['a', 'b'])
    b.answer('b', block, 'dont-have')
    b.pass(300_000)
    expect(said(b, 'p')).to.be.empty()
    expect(b.askedFor(block)).not.to.include('c')
  })

  it('gets DONT_HAVE if another member was removed, but only after a minute if it names that one', () => {
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

  it('counts the answers of a new member with the same name, and not those of the old one', () => {
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

  it('is charged to a client that may use the next member', () => {
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

  it('has its block offered to caches, unless it is parked', () => {
    const b = policed()
    b.want('p', entry(block))
    expect(b.engine.isWanted(block.key)).to.be.false()
    b.verdict(strictly('b'))
    expect(b.engine.isWanted(block.key)).to.be.true()
  })

  it('is asked of the members at the time when it is admitted', () => {
    const b = policed()
    b.want('p', entry(block))
    b.put({ t: 'remove', member: 'a' })
    b.verdict('pass')
    expect(b.askedFor(block)).to.deep.equal(['b'])
  })
})
