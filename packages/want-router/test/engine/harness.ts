import { wantKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { createEngine } from '../../src/engine/engine.ts'
import type { EngineInit } from '../../src/engine/engine-init.ts'
import type { Engine, Input, VerdictAsk } from '../../src/engine/io.ts'
import type { WantEnd } from '../../src/engine/status.ts'
import type { Verdict } from '../../src/policies/policy.ts'
import type { Member, StrategyFactory } from '../../src/strategies/strategy.ts'
import type { CancelledWant, TargetWant } from '../../src/targets/target.ts'
import type { BitswapProtocol, Outgoing, WantEntry, WantKey } from '@kitsune/bitswap-codec'

export interface TestBlock { readonly cid: Uint8Array, readonly v0: Uint8Array, readonly key: WantKey, readonly bytes: Uint8Array }

/** A block of that size, distinct for each seed. */
export function testBlock (seed: number, size = 2048): TestBlock {
  const bytes = new Uint8Array(size).fill(seed & 0xff)
  new DataView(bytes.buffer).setUint32(0, seed)
  const digest = sha256.digest(bytes)

  if (digest instanceof Promise) {
    throw new Error('sha2-256 is synchronous here')
  }

  const cid = CID.createV1(raw.code, digest)
  const key = wantKey(cid.bytes)

  if (key == null) {
    throw new Error('a well-formed CID has a key')
  }

  return { cid: cid.bytes, v0: CID.createV0(digest).bytes, key, bytes }
}

/** Members in the order of their names, whatever the want. */
export const inOrder: StrategyFactory = () => {
  let members: readonly Member[] = []

  return {
    update (next) { members = [...next].sort((a, b) => a.id < b.id ? -1 : 1) },
    rank: () => members
  }
}

export function entry (block: TestBlock, init: Partial<WantEntry> = {}): WantEntry {
  return { cid: block.cid, priority: 1, cancel: false, wantType: 'block', sendDontHave: true, ...init }
}

// the invariants of an engine with more than this in it are not checked after each step
const CHECKED = 300

// work that is too much for one tick is left to the next, at the same time
const MOST_TICKS = 1000

/** An engine with a clock that tests move, and a record of its output. */
export interface Bench {
  readonly engine: Engine
  readonly asks: Array<{ member: string, want: TargetWant }>
  readonly cancels: Array<{ member: string, want: CancelledWant }>
  readonly closed: string[]
  /** Draining members at which nothing is open any more. */
  readonly drained: string[]
  /** Wants that an engine with admission asked about. */
  readonly asked: Array<VerdictAsk & { readonly client: string }>
  /** How wants of such an engine ended. */
  readonly ends: WantEnd[]
  /** Members whose sessions were to end. */
  readonly resets: string[]
  now: number
  flush (): void
  /** Something happens. */
  put (input: Input): void
  /** A message of a client. */
  want (peer: string, ...entries: WantEntry[]): void
  /** A member delivers. */
  block (member: string, block: TestBlock): void
  /** The verdict for a want that the engine asked about; default: the last one. */
  verdict (verdict: Verdict, ask?: VerdictAsk & { readonly client: string }): void
  answer (member: string, block: TestBlock, answer: 'have' | 'dont-have' | 'unknown' | 'failed'): void
  /** Lets time pass, ticking at each deadline on the way. */
  pass (ms: number): void
  /** Takes everything that waits for a client. */
  take (peer: string, protocol?: BitswapProtocol): Required<Pick<Outgoing, 'blocks' | 'presences'>>
  /** Members asked for a block, in order. */
  askedFor (block: TestBlock): string[]
}

export function bench (init: Partial<EngineInit> & { members?: Array<{ id: string, weight?: number }>, up?: boolean } = {}): Bench {
  const members = init.members ?? [{ id: 'a' }, { id: 'b' }]
  const clock = { now: 1000 }
  const bench: Bench = {
    engine: createEngine({
      strategy: inOrder,
      now: () => clock.now,
      randomSeed: 1,
      seed: 1,
      ...init,
      limits: { expectedBlock: 2048, ...init.limits },
      members
    }),
    asks: [],
    cancels: [],
    closed: [],
    drained: [],
    asked: [],
    ends: [],
    resets: [],
    get now () { return clock.now },
    set now (now) { clock.now = now },
    flush () {
      do {
        bench.engine.flush({
          ask: (member, wants) => { bench.asks.push(...wants.map(want => ({ member, want }))) },
          cancel: (member, wants) => { bench.cancels.push(...wants.map(want => ({ member, want }))) },
          ready: () => {},
          close: peer => { bench.closed.push(peer) },
          reset: member => { bench.resets.push(member) },
          drained: member => { bench.drained.push(member) },
          admit: (client, asks) => { bench.asked.push(...asks.map(ask => ({ ...ask, client }))) },
          ended: ends => {
            if (init.admission === true) {
              bench.ends.push(...ends)
            }
          }
        })
      } while (bench.engine.dirty)

      const { wants, clients } = bench.engine.status()

      if (wants + clients < CHECKED) {
        bench.engine.checkInvariants()
      }
    },
    put (input) {
      bench.engine.put(input)
      bench.flush()
    },
    want (peer, ...wants) {
      bench.engine.put({ t: 'message', client: peer, wants, full: false })
      bench.flush()
    },
    verdict (verdict, ask = bench.asked[bench.asked.length - 1]) {
      const { client, number, cid } = ask
      bench.engine.put({ t: 'verdicts', client, verdicts: [{ number, cid, verdict }] })
      bench.flush()
    },
    block (member, { key, bytes }) {
      bench.engine.put({ t: 'block', member, key, bytes })
      bench.flush()
    },
    answer (member, { key }, answer) {
      bench.engine.put({ t: 'answer', member, key, answer })
      bench.flush()
    },
    pass (ms) {
      const end = bench.now + ms

      for (let ticks = 0; ; ticks++) {
        const deadline = bench.engine.deadline

        if (deadline == null || deadline > end) {
          break
        }

        ticks = deadline > bench.now ? 0 : ticks

        if (ticks > MOST_TICKS) {
          throw new Error(`the engine wants to be woken at ${deadline}, however often it is ticked at ${bench.now}`)
        }

        bench.now = Math.max(bench.now, deadline)
        bench.engine.put({ t: 'tick' })
        bench.flush()
      }

      bench.now = end
    },
    take (peer, protocol = '/ipfs/bitswap/1.2.0') {
      const all: Required<Pick<Outgoing, 'blocks' | 'presences'>> = { blocks: [], presences: [] }

      for (;;) {
        const message = bench.engine.take(peer, 1 << 20, protocol)

        if (message == null) {
          break
        }

        all.blocks = [...all.blocks, ...message.blocks ?? []]
        all.presences = [...all.presences, ...message.presences ?? []]
      }

      bench.flush()

      return all
    },
    askedFor: block => bench.asks.filter(({ want }) => want.key === block.key).map(({ member }) => member)
  }

  if (init.up !== false) {
    for (const { id } of members) {
      bench.engine.put({ t: 'up', member: id })
    }

    bench.flush()
  }

  return bench
}
