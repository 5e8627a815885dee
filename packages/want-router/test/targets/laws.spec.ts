import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { peerTarget } from '../../src/targets/peer-target.ts'
import { source } from '../../src/targets/source-target.ts'
import { fakeBlocks, fakeClock, fakeTarget, targetTests } from '../../src/testing/index.ts'
import { strictRunner } from '../testing/strict-runner.ts'
import { fakeContext, fakeTimers, settled } from './fixtures.ts'
import type { FakeTimers } from './fixtures.ts'
import type { PeerSession, PeerSessionHandlers, TargetWant } from '../../src/targets/target.ts'
import type { FakeBlock } from '../../src/testing/index.ts'

// the laws that the engine needs every target to keep, wherever its blocks come from

const PREFIX = Uint8Array.of(0x01, 0x55, 0x12, 0x20)

targetTests(async () => {
  const clock = fakeClock()
  const has = await fakeBlocks(20)
  const target = fakeTarget({ id: 'fake', timers: clock, blocks: has, latency: 5 })

  return {
    target,
    has,
    missing: await fakeBlocks(2, 'unknown'),
    settle: () => { clock.pass(10) },
    cut: () => { target.die() },
    restore: () => { target.revive() }
  }
}, {
  name: 'fake target obeys the laws of a target',
  laws: { backpressure: 'it hands over blocks when its script says so' },
  test: strictRunner
})

for (const complete of [true, false]) {
  targetTests(async () => {
    const has = await fakeBlocks(20)
    const bytes = new Map(has.map(({ cid, bytes }) => [cid.join(), bytes]))
    const target = source({
      complete,
      get: async cid => bytes.get(cid.bytes.join())
    }, { id: 'source', concurrency: 4 }).create(fakeContext())

    return { target, has, missing: await fakeBlocks(2, 'unknown'), settle: settled, atOnce: 4 }
  }, {
    name: `source target, ${complete ? 'complete' : 'a cache'}, obeys the laws of a target`,
    laws: { down: 'a source is never down' },
    test: strictRunner
  })
}

targetTests(async () => {
  const has = await fakeBlocks(20)
  const bytes = new Map(has.map(({ cid, bytes }) => [cid.join(), bytes]))
  const target = source({
    get: async cid => bytes.get(cid.bytes.join()),
    async * getMany (cids, { wanted }) {
      for (const cid of cids) {
        if (wanted(cid)) {
          yield { cid, bytes: bytes.get(cid.bytes.join()) }
        }
      }
    }
  }, { id: 'source' }).create(fakeContext())

  return { target, has, missing: await fakeBlocks(2, 'unknown'), settle: settled, atOnce: 4 }
}, {
  name: 'source target, with batches, obeys the laws of a target',
  laws: { down: 'a source is never down' },
  test: strictRunner
})

targetTests(async () => {
  const timers = fakeTimers()
  const has = await fakeBlocks(20)
  const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const node = fakeNode(timers, has)
  const target = peerTarget({
    id: 'peer',
    locate: async () => ({ peer, addresses: [] }),
    retry: { timers }
  }).create(fakeContext(async (_, handlers) => node.open(handlers)))

  return {
    target,
    has,
    missing: await fakeBlocks(2, 'unknown'),
    settle: async () => { await timers.advance(100) },
    cut: node.cut,
    restore: node.restore
  }
}, {
  name: 'peer target obeys the laws of a target',
  laws: { backpressure: 'the session reads, and it waits for the promise that it gets' },
  test: strictRunner
})

/** A bitswap peer at the other end of a session, which answers after 5 ms. */
function fakeNode (timers: FakeTimers, has: readonly FakeBlock[]): { open (handlers: PeerSessionHandlers): PeerSession, cut (): void, restore (): void } {
  const blocks = new Map(has.map(({ key, bytes }) => [key, bytes]))
  let reachable = true
  let close: (() => void) | undefined

  return {
    open (handlers) {
      if (!reachable) {
        throw new Error('unreachable')
      }

      close = () => { handlers.closed(new Error('reset')) }
      const wanted = new Map<string, TargetWant>()

      return {
        supportsDontHave: true,
        close () { wanted.clear() },
        cancel (wants) {
          for (const { key } of wants) {
            wanted.delete(key)
          }
        },
        ask (wants) {
          for (const want of wants) {
            wanted.set(want.key, want)
            timers.after(5, () => {
              const bytes = blocks.get(want.key)

              if (wanted.get(want.key) !== want) {
                return
              }

              wanted.delete(want.key)

              if (want.type === 'block' && bytes != null) {
                handlers.block(PREFIX, bytes)?.catch(() => {})
              } else {
                handlers.presence(want.key, bytes != null)
              }
            })
          }
        }
      }
    },
    cut () {
      reachable = false
      close?.()
    },
    restore () { reachable = true }
  }
}
