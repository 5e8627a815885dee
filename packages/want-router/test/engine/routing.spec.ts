import { expect } from 'aegir/chai'
import { bench, entry, inOrder, testBlock } from './harness.ts'

describe('engine: how a want is served', () => {
  const block = testBlock(1)

  it('asks one member, and gives the block to the client under the CID that the client used', () => {
    const b = bench()
    b.want('p', entry(block, { cid: block.v0 }))
    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.block('a', block)
    const { blocks, presences } = b.take('p')
    expect(presences).to.be.empty()
    expect(blocks).to.have.length(1)
    expect(blocks[0].data).to.equal(block.bytes, 'not copied')
    expect([...blocks[0].prefix]).to.deep.equal([0x00, 0x70, 0x12, 0x20], 'CIDv0, as asked')
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0, unsent: 0 })
  })

  it('asks once for a block that five hundred clients want, and gives it to each', () => {
    const b = bench()

    for (let i = 0; i < 500; i++) {
      b.want(`p${i}`, entry(block))
    }

    expect(b.askedFor(block)).to.deep.equal(['a'])
    b.block('a', block)

    for (let i = 0; i < 500; i++) {
      expect(b.take(`p${i}`).blocks).to.have.length(1)
    }
  })

  it('sends one block to a client that wants it a thousand times', () => {
    const b = bench()
    b.want('p', ...new Array(1000).fill(entry(block)))
    b.block('a', block)
    expect(b.askedFor(block)).to.have.length(1)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('answers both CIDs under which one client wants a multihash', () => {
    const b = bench()
    b.want('p', entry(block), entry(block, { cid: block.v0 }))
    b.block('a', block)
    expect(b.askedFor(block)).to.have.length(1)
    expect(b.take('p').blocks.map(({ prefix }) => prefix[0])).to.have.members([0, 1])
  })

  it('serves the same want again after it was served', () => {
    const b = bench()

    for (let i = 0; i < 2; i++) {
      b.want('p', entry(block))
      b.block('a', block)
      expect(b.take('p').blocks).to.have.length(1)
    }

    expect(b.askedFor(block)).to.have.length(2)
  })

  it('serves B when A cancels, and cancels at the member only when no client waits', () => {
    const b = bench()
    b.want('A', entry(block))
    b.want('B', entry(block))
    b.want('A', entry(block, { cancel: true }))
    expect(b.cancels).to.be.empty()
    b.block('a', block)
    expect(b.take('A').blocks).to.be.empty()
    expect(b.take('B').blocks).to.have.length(1)

    b.want('A', entry(block))
    b.want('A', entry(block, { cancel: true }))
    expect(b.cancels.map(({ member }) => member)).to.deep.equal(['a'])
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('cancels the CIDv0 at a member that is asked for the CIDv1 of the same block in the same flush', () => {
    const b = bench({ members: [{ id: 'a' }] })
    b.want('p', entry(block, { cid: block.v0 }))
    b.want('p', entry(block, { cid: block.v0, cancel: true }), entry(block))
    expect(b.asks.map(({ want }) => want.cid)).to.deep.equal([block.v0, block.cid])
    expect(b.cancels.map(({ want }) => want.cid)).to.deep.equal([block.v0])
  })

  it('cancels only the CID that is named', () => {
    const b = bench()
    b.want('p', entry(block), entry(block, { cid: block.v0 }))
    b.want('p', entry(block, { cancel: true }))
    b.block('a', block)
    expect(b.take('p').blocks.map(({ prefix }) => prefix[0])).to.deep.equal([0])
  })

  it('takes a million cancels in constant time each, and keeps nothing', function () {
    this.timeout(60_000)
    const b = bench()
    const entries = new Array(10_000).fill(0).map((_, i) => entry(testBlock(i, 4), { cancel: true }))

    for (let i = 0; i < 100; i++) {
      b.engine.put({ t: 'message', client: 'p', wants: entries, full: false })
    }

    b.flush()
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
    expect(b.engine.status().totals.cancels).to.equal(1_000_000)
  })

  it('a full wantlist replaces the list of its client, and of no other', () => {
    const b = bench()
    const other = testBlock(2)
    b.want('p', entry(block))
    b.want('q', entry(block))
    b.engine.put({ t: 'message', client: 'p', wants: [entry(other)], full: true })
    b.flush()
    b.block('a', block)
    b.block('a', other)
    expect(b.take('p').blocks.map(({ data }) => data)).to.deep.equal([other.bytes])
    expect(b.take('q').blocks).to.have.length(1)
  })

  it('a full wantlist names what it wants, not what it cancels or what is malformed', () => {
    const b = bench()
    const [kept, cancelled, left] = [testBlock(2), testBlock(3), testBlock(4)]
    b.want('p', entry(kept), entry(cancelled), entry(left))
    const malformed = entry(left, { cid: left.cid.subarray(0, 20) })
    b.engine.put({ t: 'message', client: 'p', wants: [malformed, entry(cancelled, { cancel: true }), entry(kept)], full: true })
    b.flush()
    expect(b.engine.status()).to.include({ wants: 1, fetches: 1 })
    b.block('a', kept)
    expect(b.take('p').blocks.map(({ data }) => data)).to.deep.equal([kept.bytes])
  })

  it('an empty full wantlist ends every want of its client', () => {
    const b = bench()
    b.want('p', entry(block))
    b.engine.put({ t: 'message', client: 'p', wants: [], full: true })
    b.flush()
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('counts the last entry of a CID in a message', () => {
    const b = bench()
    b.want('p', entry(block), entry(block, { cancel: true, priority: 0 }))
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
    b.want('p', entry(block, { cancel: true, priority: 0 }), entry(block))
    expect(b.engine.status()).to.include({ wants: 1, fetches: 1 })
  })

  it('counts the last entry of a CID in a long message, too', () => {
    const b = bench()
    const blocks = Array.from({ length: 100 }, (_, i) => testBlock(100 + i))
    const wants = blocks.map(block => entry(block))
    const cancels = blocks.map(block => entry(block, { cancel: true, priority: 0 }))
    b.want('p', ...wants.slice(0, 50), ...cancels, ...wants.slice(50), ...wants.slice(50, 60), ...cancels.slice(90))
    expect(b.engine.status()).to.include({ wants: 40, fetches: 40 })
    blocks.forEach((block, i) => { expect(b.askedFor(block), `block ${i}`).to.have.length(i < 50 || i >= 90 ? 0 : 1) })
    b.want('p', ...wants.slice(50, 60), ...cancels)
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('ends the wants that a message cancels before it begins others', () => {
    const b = bench({ limits: { wantsPerClient: 3 } })
    const old = [0, 1, 2].map(i => testBlock(i))
    const next = testBlock(3)
    b.want('p', ...old.map(block => entry(block, { priority: 9 })))
    b.want('p', entry(next, { priority: 1 }), entry(old[0], { cancel: true, priority: 0 }))
    expect(b.engine.status()).to.include({ wants: 3 })
    expect(b.askedFor(next)).to.have.length(1)

    const last = testBlock(4)
    b.engine.put({ t: 'message', client: 'p', full: true, wants: [entry(last, { priority: 0 })] })
    b.flush()
    expect(b.askedFor(last)).to.have.length(1)
    expect(b.engine.status()).to.include({ wants: 1, fetches: 1 })
    expect(b.engine.status().totals.evicted).to.equal(0)
  })

  it('ignores a malformed CID, and no other entry', () => {
    const b = bench()
    b.want('p', { ...entry(block), cid: new Uint8Array(100_000) }, { ...entry(block), cid: Uint8Array.of(1, 2) }, entry(block))
    expect(b.engine.status()).to.include({ wants: 1 })
    expect(b.engine.status().totals.badWants).to.equal(2)
  })

  it('an identity CID is answered inline: no member is asked', () => {
    const b = bench()
    b.want('p', { ...entry(block), cid: Uint8Array.of(1, 0x55, 0, 3, 7, 8, 9) })
    expect(b.asks).to.be.empty()
    const { blocks } = b.take('p')
    expect([...blocks[0].data]).to.deep.equal([7, 8, 9])
    expect([...blocks[0].prefix]).to.deep.equal([1, 0x55, 0, 3])
  })

  it('a want of an unknown hash function is forwarded as it is', () => {
    const b = bench()
    const cid = Uint8Array.of(1, 0x55, 0x77, 4, 1, 2, 3, 4)
    b.want('p', { ...entry(block), cid })
    expect([...b.asks[0].want.cid]).to.deep.equal([...cid])
  })

  it('asks no member for a block that arrived while its fetch waited for capacity', () => {
    const b = bench({ limits: { wantsPerMember: 1 } })
    const other = testBlock(2)
    b.want('p', entry(block))
    b.answer('a', block, 'unknown')
    b.want('p', entry(other))
    b.want('q', entry(testBlock(3)))
    b.answer('a', other, 'dont-have')
    b.want('q', entry(other, { wantType: 'have' }))
    expect(b.askedFor(other)).to.deep.equal(['a'])
    b.block('a', other)
    expect(b.take('p').blocks).to.have.length(1)
    b.block('b', block)
    expect(b.askedFor(other)).to.deep.equal(['a'])
  })

  it('waits for a busy member rather than asking one that the strategy avoids', () => {
    const strategy: typeof inOrder = env => ({ ...inOrder(env), avoids: id => id === 'b' })
    const b = bench({ strategy, limits: { wantsPerMember: 1 } })
    const [first, second] = [1, 2].map(i => testBlock(i))
    b.want('p', entry(first), entry(second))
    expect(b.asks.map(({ member }) => member)).to.deep.equal(['a'])
    b.block('a', first)
    expect(b.askedFor(second)).to.deep.equal(['a'])

    b.engine.put({ t: 'down', member: 'a' })
    b.flush()
    expect(b.askedFor(second)).to.deep.equal(['a', 'b'])
  })

  it('delivers an empty block', () => {
    const b = bench()
    const empty = { ...testBlock(9), bytes: new Uint8Array() }
    b.want('p', entry(empty))
    b.block('a', empty)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('forgets a client and everything that it caused when it is gone', () => {
    const b = bench()
    b.want('p', entry(block), entry(testBlock(2)), entry(testBlock(3), { wantType: 'have' }))
    b.block('a', testBlock(2))
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(b.engine.status()).to.include({ clients: 0, wants: 0, fetches: 0, unsent: 0 })
    expect(b.engine.status().members.map(({ load }) => load)).to.deep.equal([{ wants: 0, bytes: 0 }, { wants: 0, bytes: 0 }])
    expect(b.cancels.map(({ want }) => want.key)).to.have.members([block.key, testBlock(3).key])
  })

  it('ends a want after its lifetime, and not before', () => {
    const b = bench({ limits: { wantLifetime: 60_000 } })
    b.want('p', entry(block))
    b.answer('a', block, 'dont-have')
    b.answer('b', block, 'dont-have')
    b.pass(59_000)
    expect(b.engine.status()).to.include({ wants: 1 })
    b.pass(2000)
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
    expect(b.engine.status().totals.expired).to.equal(1)
  })

  it('a want lives no longer because of a later want for another CID of its multihash', () => {
    const b = bench({ limits: { wantLifetime: 60_000 } })
    b.want('p', entry(block))
    b.want('p', entry(testBlock(2)))
    b.pass(40_000)
    b.want('p', entry(block, { cid: block.v0 }))
    b.pass(22_000)
    expect(b.engine.status()).to.include({ wants: 1, fetches: 1 })
  })

  it('says nothing to a client that was refused and has left meanwhile', () => {
    const b = bench()
    b.engine.put({ t: 'drain' })
    b.engine.put({ t: 'message', client: 'p', wants: [entry(block)], full: false })
    b.engine.put({ t: 'gone', client: 'p' })
    b.flush()
    expect(b.closed).to.be.empty()
  })
})
