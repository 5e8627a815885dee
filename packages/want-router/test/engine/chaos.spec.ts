import { prefixCid } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import fc from 'fast-check'
import { sha256 } from 'multiformats/hashes/sha2'
import { createEngine } from '../../src/engine/engine.ts'
import { entry, inOrder, testBlock } from './harness.ts'
import type { TestBlock } from './harness.ts'
import type { Engine, Output } from '../../src/engine/io.ts'
import type { TargetWant } from '../../src/targets/target.ts'

const MEMBERS = ['a', 'b', 'c']
const PEERS = ['p', 'q', 'r']
const BLOCKS = [0, 1, 2, 3, 4, 5].map(seed => testBlock(seed))
const NEVER = 60_000

/** What somebody does. Indexes choose among peers, members and blocks, or among what is open. */
type Act =
  | { t: 'want', peer: number, block: number, have: boolean, v0: boolean, silent: boolean }
  | { t: 'cancel', peer: number, block: number, v0: boolean }
  | { t: 'full', peer: number, blocks: number[] }
  | { t: 'gone', peer: number }
  | { t: 'read', peer: number }
  | { t: 'respond', open: number }
  | { t: 'fail', open: number }
  | { t: 'late', member: number, block: number }
  | { t: 'down', member: number }
  | { t: 'up', member: number }
  | { t: 'pass', ms: number }

const index = fc.nat({ max: 100 })
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ t: fc.constant('want' as const), peer: index, block: index, have: fc.boolean(), v0: fc.boolean(), silent: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('cancel' as const), peer: index, block: index, v0: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('full' as const), peer: index, blocks: fc.array(index, { maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('gone' as const), peer: index }) },
  { weight: 4, arbitrary: fc.record({ t: fc.constant('read' as const), peer: index }) },
  { weight: 8, arbitrary: fc.record({ t: fc.constant('respond' as const), open: index }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('fail' as const), open: index }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('late' as const), member: index, block: index }) },
  { weight: 1, arbitrary: fc.record({ t: fc.constant('down' as const), member: index }) },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('up' as const), member: index }) },
  { weight: 2, arbitrary: fc.record({ t: fc.constant('pass' as const), ms: fc.nat({ max: 5000 }) }) }
)

interface ModelWant { type: 'have' | 'block', block: TestBlock, promised: boolean }

/** Members that tell the truth, peers that check what they get, and the engine between them. */
class World {
  readonly engine: Engine
  readonly up = new Set<string>()
  readonly downSince = new Map<string, number>(MEMBERS.map(member => [member, 0]))
  /** What is open at a member, by key, as the member understands it. */
  readonly open = new Map<string, Map<string, TargetWant>>(MEMBERS.map(member => [member, new Map()]))
  readonly wants = new Map<string, Map<string, ModelWant>>(PEERS.map(peer => [peer, new Map()]))
  readonly holders: ReadonlyMap<string, ReadonlySet<string>>
  readonly denied = new WeakSet<TargetWant>()
  now = 0

  constructor (holders: ReadonlyMap<string, ReadonlySet<string>>, windows: { wants: number, listed: number }) {
    this.holders = holders
    this.engine = createEngine({
      members: MEMBERS.map(id => ({ id })),
      strategy: inOrder,
      now: () => this.now,
      randomSeed: 1,
      seed: 7,
      limits: { wantsPerMember: windows.wants, listedPerMember: windows.listed, unsentPerPeer: 5000, expectedBlock: 2048 }
    })
    for (const member of MEMBERS) {
      this.bringUp(member)
    }
  }

  readonly output: Output = {
    ask: (member, wants) => {
      expect(this.up.has(member), 'only members that are up are asked').to.equal(true)
      for (const want of wants) {
        this.open.get(member)?.set(want.key, want)
      }
    },
    cancel: (member, wants) => {
      for (const { key } of wants) {
        this.open.get(member)?.delete(key)
      }
    },
    ready: () => {},
    close: () => {}
  }

  flush (): void {
    do {
      this.engine.flush(this.output)
    } while (this.engine.dirty)
  }

  check (): void {
    for (const { load, id } of this.engine.status().members) {
      expect(load.wants, `wants open at ${id}`).to.be.at.least(0)
      expect(load.bytes, `bytes open at ${id}`).to.be.at.least(0)
    }
  }

  bringUp (member: string): void {
    if (!this.up.has(member)) {
      this.up.add(member)
      this.engine.put({ t: 'up', member })
      this.flush()
    }
  }

  read (peer: string): void {
    const wants = this.wants.get(peer) ?? new Map<string, ModelWant>()
    for (;;) {
      const message = this.engine.take(peer, 1 << 20, '/ipfs/bitswap/1.2.0')
      if (message == null) {
        break
      }
      for (const { have, cid } of message.presences ?? []) {
        const want = wants.get(String(cid))
        if (want == null) {
          continue // it was cancelled, or served, while the presence waited
        }
        if (have) {
          want.promised = true
        } else {
          expect(want.promised, 'a HAVE is not taken back').to.equal(false)
          for (const holder of this.holders.get(want.block.key) ?? []) {
            const since = this.downSince.get(holder)
            expect(since != null && this.now - since >= NEVER, 'nothing is denied that somebody has').to.equal(true)
          }
        }
      }
      for (const { prefix, data } of message.blocks ?? []) {
        const digest = sha256.digest(data)
        const cid = prefixCid(prefix, digest instanceof Promise ? new Uint8Array() : digest.digest)
        wants.delete(String(cid))
      }
    }
    this.flush()
  }

  respond (member: string, want: TargetWant): void {
    const block = BLOCKS.find(({ key }) => key === want.key)
    if (block == null) {
      return
    }
    if (this.holders.get(block.key)?.has(member) !== true) {
      // it stays listed, as at kubo, which says so once
      if (this.denied.has(want)) {
        return
      }
      this.denied.add(want)
      this.engine.put({ t: 'answer', member, key: want.key, answer: 'lack' })
    } else if (want.type === 'have') {
      this.open.get(member)?.delete(want.key)
      this.engine.put({ t: 'answer', member, key: want.key, answer: 'have' })
    } else {
      this.open.get(member)?.delete(want.key)
      this.engine.put({ t: 'block', member, key: want.key, bytes: block.bytes })
    }
    this.flush()
  }

  pass (ms: number): void {
    const end = this.now + ms
    for (let deadline = this.engine.deadline; deadline != null && deadline <= end; deadline = this.engine.deadline) {
      this.now = Math.max(this.now, deadline)
      this.engine.put({ t: 'tick' })
      this.flush()
    }
    this.now = end
  }

  do (act: Act): void {
    const peer = PEERS[('peer' in act ? act.peer : 0) % PEERS.length]
    const member = MEMBERS[('member' in act ? act.member : 0) % MEMBERS.length]
    const block = BLOCKS[('block' in act ? act.block : 0) % BLOCKS.length]
    const wants = this.wants.get(peer) ?? new Map<string, ModelWant>()
    const open = [...this.open].flatMap(([member, wants]) => [...wants.values()].map(want => ({ member, want })))

    switch (act.t) {
      case 'want': {
        const cid = act.v0 ? block.v0 : block.cid
        const known = wants.get(String(cid))
        wants.set(String(cid), { block, promised: known?.promised ?? false, type: act.have && known?.type !== 'block' ? 'have' : 'block' })
        this.engine.put({ t: 'message', peer, full: false, wants: [entry(block, { cid, wantType: act.have ? 'have' : 'block', sendDontHave: !act.silent })] })
        break
      }
      case 'cancel': {
        const cid = act.v0 ? block.v0 : block.cid
        wants.delete(String(cid))
        this.engine.put({ t: 'message', peer, full: false, wants: [entry(block, { cid, cancel: true })] })
        break
      }
      case 'full': {
        const list = act.blocks.map(i => BLOCKS[i % BLOCKS.length])
        const kept = new Map(wants)
        wants.clear()
        for (const block of list) {
          wants.set(String(block.cid), { block, type: 'block', promised: kept.get(String(block.cid))?.promised ?? false })
        }
        this.engine.put({ t: 'message', peer, full: true, wants: list.map(block => entry(block)) })
        break
      }
      case 'gone':
        wants.clear()
        this.engine.put({ t: 'gone', peer })
        break
      case 'read':
        this.read(peer)
        break
      case 'respond':
        if (open.length > 0) {
          const { member, want } = open[act.open % open.length]
          this.respond(member, want)
        }
        break
      case 'fail':
        if (open.length > 0) {
          const { member, want } = open[act.open % open.length]
          this.open.get(member)?.delete(want.key)
          this.engine.put({ t: 'answer', member, key: want.key, answer: 'failed' })
        }
        break
      case 'late':
        // twice, unasked, or after a cancel
        if (this.up.has(member) && this.holders.get(block.key)?.has(member) === true) {
          this.engine.put({ t: 'block', member, key: block.key, bytes: block.bytes })
        }
        break
      case 'down':
        if (this.up.delete(member)) {
          this.downSince.set(member, this.now)
          this.open.get(member)?.clear()
          this.engine.put({ t: 'down', member })
        }
        break
      case 'up':
        this.bringUp(member)
        break
      default:
        this.pass(act.ms)
    }
    this.flush()
    this.check()
  }

  /** Everybody is well and reads; all that can be served is. */
  recover (): void {
    for (const member of MEMBERS) {
      this.bringUp(member)
    }
    for (let i = 0; i < 70; i++) {
      // each answer may lead to the next question
      for (let round = 0; round < 20; round++) {
        for (const [member, wants] of this.open) {
          for (const want of [...wants.values()]) {
            this.respond(member, want)
          }
        }
      }
      for (const peer of PEERS) {
        this.read(peer)
      }
      this.pass(1000)
    }
  }
}

describe('engine: whatever happens', function () {
  this.timeout(300_000)

  it('serves every want that somebody can serve, denies none of them, and keeps nothing of who has gone', () => {
    fc.assert(fc.property(
      fc.array(fc.subarray(MEMBERS), { minLength: BLOCKS.length, maxLength: BLOCKS.length }),
      fc.record({ wants: fc.integer({ min: 1, max: 4 }), listed: fc.integer({ min: 0, max: 4 }) }),
      fc.array(act, { maxLength: 80, size: 'max' }),
      (holding, windows, acts) => {
        const world = new World(new Map(BLOCKS.map(({ key }, i) => [key, new Set(holding[i])])), windows)
        for (const act of acts) {
          world.do(act)
        }
        world.recover()

        for (const [peer, wants] of world.wants) {
          for (const { type, block, promised } of wants.values()) {
            if (world.holders.get(block.key)?.size === 0) {
              continue
            }
            expect(type === 'have' && promised, `${peer} waits for a ${type} of block ${BLOCKS.indexOf(block)} that somebody has`).to.equal(true)
          }
        }
        for (const peer of PEERS) {
          world.engine.put({ t: 'gone', peer })
        }
        world.flush()
        const status = world.engine.status()
        expect(status).to.include({ peers: 0, wants: 0, routes: 0, active: 0, unsent: 0 })
        for (const { load } of status.members) {
          expect(load).to.deep.equal({ wants: 0, bytes: 0 })
        }
      }
    ), { numRuns: 300 })
  })
})
