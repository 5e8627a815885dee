import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MAX_FRAME_LENGTH, messageLength } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { bench, entry, testBlock } from './harness.ts'
import type { Bench, TestBlock } from './harness.ts'
import type { Outgoing, WantEntry } from '@kitsune/bitswap-codec'

const blocks = (n: number, size?: number): TestBlock[] => new Array(n).fill(0).map((_, i) => testBlock(i, size))

// what a reply with a block may count beside the block's bytes
const KEEP = 512

// no flag of the test runner's is needed to measure what is left after a collection
setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

describe('engine: what a client may cost', function () {
  this.timeout(300_000)

  it('of a wantlist of 100,000 entries keeps the 1,024 of highest priority', () => {
    const b = bench({ members: [] })
    const all = blocks(100_000, 4)
    b.want('p', ...all.map((block, i) => entry(block, { priority: i })))
    const status = b.engine.status()
    expect(status.wants).to.equal(1024)
    expect(status.totals.evicted).to.equal(100_000 - 1024)
    b.want('p', entry(all[99_999], { cancel: true }))
    expect(b.engine.status().wants).to.equal(1023)
  })

  it('a list full of blocks that no member has does not keep a client from being served', () => {
    const b = bench({ limits: { wantsPerClient: 100 } })
    const missing = blocks(100)
    b.want('p', ...missing.map(block => entry(block, { priority: 1000 })))

    for (const block of missing) {
      b.answer('a', block, 'dont-have')
      b.answer('b', block, 'dont-have')
    }

    const wanted = testBlock(5000)
    b.want('p', entry(wanted, { priority: 1 }))
    b.block('a', wanted)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('a full list keeps its own wants against new ones of lower priority', () => {
    const b = bench({ limits: { wantsPerClient: 10 } })
    b.want('p', ...blocks(10).map(block => entry(block, { priority: 5 })))
    b.want('p', entry(testBlock(50), { priority: 4 }))
    expect(b.askedFor(testBlock(50))).to.be.empty()
    b.want('p', entry(testBlock(51), { priority: 6 }))
    expect(b.askedFor(testBlock(51))).to.have.length(1)
    expect(b.engine.status().wants).to.equal(10)
  })

  it('asks no more than its window for a client that never reads, and keeps no block beyond it', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 1 << 18 } })
    const wanted = blocks(400, 1 << 18)
    b.want('p', ...wanted.map(block => entry(block)))

    for (let asked = 0; asked < b.asks.length; asked++) {
      const block = wanted.find(block => block.key === b.asks[asked].want.key)

      if (block != null) {
        b.block('a', block)
      }
    }

    const status = b.engine.status()
    expect(status.unsent).to.be.at.most((1 << 20) + 4 * KEEP)
    expect(b.asks.length).to.be.lessThan(40)
    expect(status.wants).to.equal(400 - 4, 'nothing is lost')
  })

  it('of a block wanted under many CIDs keeps no more copies than may wait', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 1 << 20, unsentPerClient: 1 << 20 } })
    const block = testBlock(1, 1 << 20)
    const cids = Array.from({ length: 100 }, (_, i) => CID.createV1(0x100 + i, CID.decode(block.cid).multihash).bytes)
    b.want('p', ...cids.map(cid => entry(block, { cid })))
    b.block('a', block)
    expect(b.engine.status().unsent).to.be.within(1 << 20, (1 << 20) + KEEP)
    expect(b.engine.status().wants).to.equal(99)
  })

  it('a client that reads again gets the rest', () => {
    const b = bench({ members: [{ id: 'a' }] })
    const wanted = new Map(blocks(60, 1 << 18).map(block => [block.key, block]))
    b.want('p', ...[...wanted.values()].map(block => entry(block)))
    let received = 0

    for (let i = 0; i < b.asks.length; i++) {
      const block = wanted.get(b.asks[i].want.key)

      if (block != null) {
        b.block('a', block)
      }

      if (i % 20 === 0 || i === b.asks.length - 1) {
        received += b.take('p').blocks.length
      }
    }

    expect(received).to.equal(60)
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0, unsent: 0 })
  })

  it('asks once for a block that does not fit beside what others leave unread, and again when that has been read', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { unsent: 24_000, unsentPerClient: 20_000, expectedBlock: 1024 } })
    const [unread, large] = [testBlock(1, 9_000), testBlock(2, 14_700)]
    b.want('p', entry(unread))
    b.block('a', unread)
    b.want('q', entry(large))

    for (let i = 0; i < 10 && b.askedFor(large).length > i; i++) {
      b.block('a', large)
    }

    expect(b.askedFor(large)).to.deep.equal(['a'])
    expect(b.take('p').blocks).to.have.lengthOf(1)
    b.flush()
    expect(b.askedFor(large)).to.deep.equal(['a', 'a'])
    b.block('a', large)
    expect(b.take('q').blocks).to.have.lengthOf(1)
  })

  it('keeps one buffer of a block for all clients that wait', () => {
    const b = bench()
    const block = testBlock(1, 1 << 18)
    b.want('p', entry(block))
    b.want('q', entry(block))
    b.block('a', block)
    expect(b.take('p').blocks[0].data).to.equal(b.take('q').blocks[0].data)
  })

  it('presences of a client that never reads are bounded as well', () => {
    const b = bench({ members: [{ id: 'a' }] })

    for (let i = 0; i < 20_000; i++) {
      const block = testBlock(i, 4)
      b.want('p', entry(block))
      b.answer('a', block, 'dont-have')
      b.want('p', entry(block, { cancel: true }))
    }

    expect(b.engine.status().unsent).to.be.at.most(1 << 20)
    expect(b.engine.status()).to.include({ wants: 0, fetches: 0 })
  })

  it('a client that cancels what waited for it is asked for what that held up', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { unsentPerClient: 1000, wantsPerMember: 1 } })
    const [held, missing] = blocks(2, 2000)
    b.want('p', entry(missing))
    b.answer('a', missing, 'dont-have')
    b.want('p', entry(held))
    expect(b.askedFor(held)).to.deep.equal([], 'the DONT_HAVE and a block exceed its window')
    b.want('p', entry(missing, { cancel: true }))
    expect(b.askedFor(held)).to.deep.equal(['a'])
  })

  it('opens at most 512 wants at a member, and for one client not quite all of them', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 64 } })
    b.want('p', ...blocks(1000, 64).map(block => entry(block)))
    expect(b.engine.status().members[0].load.wants).to.equal(456)

    for (let i = 0; i < 100; i++) {
      b.want(`q${i}`, ...Array.from({ length: 20 }, (_, n) => entry(testBlock(2000 + 20 * i + n, 64))))
    }

    expect(b.engine.status().members[0].load.wants).to.equal(512)
  })

  it('fills a member fairly: a client that wants little is not behind one that wants much', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerMember: 4, expectedBlock: 1 << 16 } })
    b.want('hog', ...blocks(500, 1 << 16).map(block => entry(block)))
    b.want('small', entry(testBlock(9000)))
    expect(b.askedFor(testBlock(9000))).to.be.empty()
    b.block('a', testBlock(0, 1 << 16))
    b.block('a', testBlock(1, 1 << 16))
    expect(b.askedFor(testBlock(9000))).to.deep.equal(['a'])
  })

  it('gives clients the same bytes, not the same number of blocks', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerMember: 8, expectedBlock: 1 << 16 } })
    const big = blocks(1000, 1 << 18)
    const small = new Array(3000).fill(0).map((_, i) => testBlock(10_000 + i, 1 << 13))
    const all = new Map([...big, ...small].map(block => [block.key, block]))
    b.want('big', ...big.slice(0, 500).map(block => entry(block)))
    b.want('small', ...small.slice(0, 1000).map(block => entry(block)))
    const bytes = { big: 0, small: 0 }

    for (let i = 0; i < 600; i++) {
      const block = all.get(b.asks[i].want.key)

      if (block == null) {
        break
      }

      b.block('a', block)

      for (const peer of ['big', 'small'] as const) {
        bytes[peer] += b.take(peer).blocks.reduce((sum, { data }) => sum + data.byteLength, 0)
      }
    }

    expect(bytes.small / bytes.big).to.be.within(0.5, 2)
  })

  it('keeps under 1 KB for each of ten thousand clients that wanted and vanished', () => {
    const b = bench()

    const cycle = (from: number): void => {
      for (let i = from; i < from + 10_000; i++) {
        b.want(`peer-${i}`, ...blocks(4, 64).map(block => entry(block)), entry(testBlock(i, 64), { wantType: 'have' }))
        b.engine.put({ t: 'gone', client: `peer-${i}` })
      }

      b.flush()
      b.asks.length = 0
      b.cancels.length = 0
    }

    cycle(0)
    expect(b.engine.status()).to.include({ clients: 0, wants: 0, fetches: 0, active: 0, unsent: 0 })
    gc()
    const before = process.memoryUsage().heapUsed
    cycle(10_000)
    gc()
    expect((process.memoryUsage().heapUsed - before) / 10_000).to.be.lessThan(1024)
  })

  it('a million wants of identity CIDs by a client that never reads cost no more than a window', () => {
    const b = bench({ members: [{ id: 'a' }] })
    const empty = entry(testBlock(0), { cid: new Uint8Array([1, 0x55, 0, 0]) })
    const inline = (n: number): WantEntry => ({ ...empty, cid: new Uint8Array([1, 0x55, 0, 2, n & 0xff, n >> 8 & 0xff]) })
    gc()
    const before = process.memoryUsage()

    for (let i = 0; i < 1000; i++) {
      b.engine.put({ t: 'message', client: 'p', full: false, wants: Array.from({ length: 1000 }, (_, n) => n % 2 === 0 ? empty : inline(n)) })
      b.flush()
    }

    gc()
    const after = process.memoryUsage()
    expect(b.engine.status().unsent).to.be.within(1 << 19, 1 << 20)
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).to.be.below(4 << 20)
  })

  it('what is taken at once can be encoded, however small its blocks are', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { unsentPerClient: 64 << 20 } })
    const tiny = entry(testBlock(0), { cid: new Uint8Array([1, 0x55, 0, 1, 7]) })

    for (let i = 0; i < 100; i++) {
      b.want('p', ...Array.from({ length: 1000 }, () => tiny))
    }

    let blocks = 0

    for (;;) {
      const message = b.engine.take('p', 16 << 10, '/ipfs/bitswap/1.2.0')

      if (message == null) {
        break
      }

      blocks += message.blocks?.length ?? 0
      expect(messageLength(message, '/ipfs/bitswap/1.2.0')).to.be.at.most((16 << 10) + 64)
    }

    expect(blocks).to.equal(100_000)
    expect(b.engine.status().unsent).to.equal(0)
  })

  it('presences and a block of the greatest size travel in messages that can be encoded', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { unsentPerClient: 8 << 20 } })
    const large = testBlock(1, 4_194_286)
    const held = Array.from({ length: 300 }, (_, i) => testBlock(100 + i, 2000))
    b.want('p', entry(large), ...held.map(block => entry(block, { wantType: 'have' })))

    for (const block of held) {
      b.answer('a', block, 'have')
    }

    b.block('a', large)
    const messages: Outgoing[] = []

    for (let message = b.engine.take('p', 16 << 10, '/ipfs/bitswap/1.2.0'); message != null; message = b.engine.take('p', 16 << 10, '/ipfs/bitswap/1.2.0')) {
      messages.push(message)
      expect(messageLength(message, '/ipfs/bitswap/1.2.0')).to.be.at.most(MAX_FRAME_LENGTH)
    }

    expect(messages.flatMap(({ presences }) => presences ?? [])).to.have.length(300)
    expect(messages.flatMap(({ blocks }) => blocks ?? [])).to.have.length(1)
  })

  describe('all clients together', () => {
    const MIB = 1 << 20

    /** Delivers what is asked for until nothing more is. */
    function deliverAll (b: Bench, wanted: Map<string, TestBlock>, reads: (id: string) => boolean = () => false): void {
      for (let i = 0; i < b.asks.length; i++) {
        const block = wanted.get(b.asks[i].want.key)

        if (block != null) {
          b.block('a', block)
        }

        for (const id of new Set(b.asks.map(({ want }) => want.session))) {
          if (reads(id)) {
            b.take(id)
          }
        }
      }
    }

    it('300 that never read hold no more than may wait for all', () => {
      const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: MIB / 64, unsent: 8 * MIB, unsentPerClient: MIB / 8 } })
      const wanted = new Map<string, TestBlock>()

      for (let peer = 0; peer < 300; peer++) {
        const mine = Array.from({ length: 40 }, (_, i) => testBlock(1000 * peer + i, MIB / 64))
        mine.forEach(block => wanted.set(block.key, block))
        b.want(`p${peer}`, ...mine.map(block => entry(block)))
        deliverAll(b, wanted)
        b.asks.length = 0
        expect(b.engine.status().unsent).to.be.at.most(8 * MIB)
      }

      expect(b.engine.status().unsent).to.be.above(7 * MIB)
    })

    it('many that never read and leave no capacity are disconnected after 10 s, and one that waited is served', () => {
      const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: MIB, unsent: 8 * MIB, unsentPerClient: MIB } })
      const wanted = new Map<string, TestBlock>()

      for (let peer = 0; peer < 20; peer++) {
        const block = testBlock(peer, MIB)
        wanted.set(block.key, block)
        b.want(`p${peer}`, entry(block))
      }

      deliverAll(b, wanted)
      expect(b.engine.status().unsent).to.be.within(6 * MIB, 8 * MIB)
      const block = testBlock(500, MIB)
      wanted.set(block.key, block)
      b.want('reads', entry(block))
      b.pass(9000)
      expect(b.closed).to.be.empty()
      b.pass(3000)
      expect(b.closed).to.have.length.above(5)

      // those that waited before it do not read either
      for (let i = 0; i < 3; i++) {
        for (const peer of b.closed.splice(0)) {
          b.engine.put({ t: 'gone', client: peer })
        }

        b.flush()
        deliverAll(b, wanted, id => id === 'reads')
        b.pass(12_000)
        expect(b.closed).to.not.include('reads')
      }

      expect(b.engine.status().totals.bytesSent).to.be.at.least(21 * MIB)
    })

    it('one that waits for others and is given a copy meanwhile keeps none waiting that is behind it', () => {
      const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: MIB, unsent: 8 * MIB, unsentPerClient: MIB } })

      for (let i = 0; i < 6; i++) {
        const unread = testBlock(i, 0.9 * MIB)
        b.want(`unread${i}`, entry(unread))
        b.block('a', unread)
      }

      const [shared, missing, next, last] = [10, 11, 12, 13].map(i => testBlock(i, MIB))
      b.want('first', entry(shared))
      b.want('second', entry(missing))
      b.want('third', entry(shared), entry(next))
      b.want('fourth', entry(last))
      expect([next, last].flatMap(block => b.askedFor(block)), 'what all may have is taken').to.be.empty()

      // two copies fit beside what is unread, and none reads its own
      b.block('a', shared)
      b.answer('a', missing, 'dont-have')
      expect(b.askedFor(last)).to.be.empty()
      b.take('unread0')
      expect(b.askedFor(last)).to.have.length(1)

      // what the third takes wakes it
      b.block('a', last)
      b.take('unread1')
      b.take('third')
      expect(b.askedFor(next)).to.have.length(1)
    })
  })

  it('a thousand wants over the limit take one look at the list, not one each', () => {
    const b = bench({ members: [], limits: {} })
    const lists = Array.from({ length: 40 }, (_, n) => Array.from({ length: 1024 }, (_, i) => entry(testBlock(n * 1024 + i, 4), { priority: n * 2000 + i })))
    let looked = 0
    b.want('p', ...lists[0])
    // what the engine reads of a want to compare it with others
    const { prototype } = Set
    const { values, [Symbol.iterator]: iterate } = prototype

    const counted = function (this: Set<unknown>): SetIterator<unknown> {
      looked += this.size > 1000 ? 1 : 0

      return values.call(this)
    }

    Object.assign(prototype, { [Symbol.iterator]: counted })

    try {
      for (const list of lists.slice(1)) {
        b.engine.put({ t: 'message', client: 'p', wants: list, full: false })
      }
    } finally {
      Object.assign(prototype, { [Symbol.iterator]: iterate })
    }

    expect(b.engine.status()).to.deep.include({ wants: 1024 })
    expect(b.engine.status().totals.evicted).to.equal(39 * 1024)
    expect(looked).to.be.at.most(2 * 39)
  })

  it('of a full list those of lowest priority give way, the lowest first', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerClient: 4 } })
    const old = blocks(4)
    b.want('p', ...old.map((block, i) => entry(block, { priority: 10 + i })))
    b.want('p', ...[20, 21, 5].map((priority, i) => entry(testBlock(100 + i), { priority })))
    expect(b.engine.status().totals.evicted).to.equal(3)
    // only wants that were given up are cancelled
    expect(b.cancels.map(({ want }) => want.key)).to.have.members([old[0].key, old[1].key])
  })
})
