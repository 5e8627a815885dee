import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { bench, entry, testBlock } from './harness.ts'
import type { TestBlock } from './harness.ts'

const blocks = (n: number, size?: number): TestBlock[] => new Array(n).fill(0).map((_, i) => testBlock(i, size))

// no flag of the test runner's is needed to measure what is left after a collection
setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

describe('engine: what a peer may cost', function () {
  this.timeout(60_000)

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

  it('a list full of blocks that nobody has does not keep a peer from being served', () => {
    const b = bench({ limits: { wantsPerPeer: 100 } })
    const missing = blocks(100)
    b.want('p', ...missing.map(block => entry(block, { priority: 1000 })))
    for (const block of missing) {
      b.answer('a', block, 'lack')
      b.answer('b', block, 'lack')
    }
    const wanted = testBlock(5000)
    b.want('p', entry(wanted, { priority: 1 }))
    b.block('a', wanted)
    expect(b.take('p').blocks).to.have.length(1)
  })

  it('a full list keeps its own wants against new ones of lower priority', () => {
    const b = bench({ limits: { wantsPerPeer: 10 } })
    b.want('p', ...blocks(10).map(block => entry(block, { priority: 5 })))
    b.want('p', entry(testBlock(50), { priority: 4 }))
    expect(b.askedFor(testBlock(50))).to.be.empty()
    b.want('p', entry(testBlock(51), { priority: 6 }))
    expect(b.askedFor(testBlock(51))).to.have.length(1)
    expect(b.engine.status().wants).to.equal(10)
  })

  it('for a peer that never reads no more is asked than its window, and no block is kept beyond it', () => {
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
    expect(status.unsent).to.be.at.most(1 << 20)
    expect(b.asks.length).to.be.lessThan(40)
    expect(status.wants).to.equal(400 - 4, 'nothing is lost')
  })

  it('of a block wanted under many CIDs keeps no more copies than may wait', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 1 << 20, unsentPerPeer: 1 << 20 } })
    const block = testBlock(1, 1 << 20)
    const cids = Array.from({ length: 100 }, (_, i) => CID.createV1(0x100 + i, CID.decode(block.cid).multihash).bytes)
    b.want('p', ...cids.map(cid => entry(block, { cid })))
    b.block('a', block)
    expect(b.engine.status()).to.include({ unsent: 1 << 20, wants: 99 })
  })

  it('a peer that reads again gets the rest', () => {
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
    expect(b.engine.status()).to.include({ wants: 0, routes: 0, unsent: 0 })
  })

  it('keeps one buffer of a block for all who wait', () => {
    const b = bench()
    const block = testBlock(1, 1 << 18)
    b.want('p', entry(block))
    b.want('q', entry(block))
    b.block('a', block)
    expect(b.take('p').blocks[0].data).to.equal(b.take('q').blocks[0].data)
  })

  it('presences of a peer that never reads are bounded as well', () => {
    const b = bench({ members: [{ id: 'a' }] })
    for (let i = 0; i < 20_000; i++) {
      const block = testBlock(i, 4)
      b.want('p', entry(block))
      b.answer('a', block, 'lack')
      b.want('p', entry(block, { cancel: true }))
    }
    expect(b.engine.status().unsent).to.be.at.most(1 << 20)
    expect(b.engine.status()).to.include({ wants: 0, routes: 0 })
  })

  it('opens at most 512 wants at a member', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { expectedBlock: 64 } })
    b.want('p', ...blocks(1000, 64).map(block => entry(block)))
    expect(b.engine.status().members[0].load.wants).to.equal(512)
  })

  it('fills a member fairly: who wants little is not behind who wants much', () => {
    const b = bench({ members: [{ id: 'a' }], limits: { wantsPerMember: 4, expectedBlock: 1 << 16 } })
    b.want('hog', ...blocks(500, 1 << 16).map(block => entry(block)))
    b.want('small', entry(testBlock(9000)))
    expect(b.askedFor(testBlock(9000))).to.be.empty()
    b.block('a', testBlock(0, 1 << 16))
    b.block('a', testBlock(1, 1 << 16))
    expect(b.askedFor(testBlock(9000))).to.deep.equal(['a'])
  })

  it('gives peers the same bytes, not the same number of blocks', () => {
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

  it('keeps under 1 KB a peer of ten thousand that wanted and vanished', () => {
    const b = bench()
    const cycle = (from: number): void => {
      for (let i = from; i < from + 10_000; i++) {
        b.want(`peer-${i}`, ...blocks(4, 64).map(block => entry(block)), entry(testBlock(i, 64), { wantType: 'have' }))
        b.engine.put({ t: 'gone', peer: `peer-${i}` })
      }
      b.flush()
      b.asks.length = 0
      b.cancels.length = 0
    }
    cycle(0)
    expect(b.engine.status()).to.include({ peers: 0, wants: 0, routes: 0, active: 0, unsent: 0 })
    gc()
    const before = process.memoryUsage().heapUsed
    cycle(10_000)
    gc()
    expect((process.memoryUsage().heapUsed - before) / 10_000).to.be.lessThan(1024)
  })
})
