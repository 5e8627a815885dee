import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { createDriver, createEngine } from '../../src/engine/index.ts'
import { fakeBlock } from '../../src/testing/fake-block.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeTarget } from '../../src/testing/fake-target.ts'
import { inOrder } from '../engine/harness.ts'
import type { FakeBlock } from '../../src/testing/fake-block.ts'
import type { FakeAnswer, FakeReply, FakeTarget } from '../../src/testing/fake-target.ts'

// the whole router but for the network, on a clock that the test moves

const BITSWAP = '/ipfs/bitswap/1.2.0'

describe('fake targets behind the real engine', () => {
  let block: FakeBlock

  before(async () => {
    block = await fakeBlock('wanted')
  })

  /** A want for the block, first at a target with that script, then at one that has it; returns what the peer gets within a minute. */
  async function route (...script: Array<FakeAnswer | FakeReply>): Promise<{ ms: number, blocks: number, first: FakeTarget, second: FakeTarget }> {
    const clock = fakeClock()
    const first = fakeTarget({ id: 'first', timers: clock, blocks: [block], reply: (_, index) => script[index] })
    const second = fakeTarget({ id: 'second', timers: clock, blocks: [block], latency: 7 })
    let blocks = 0
    let ms = NaN
    const drive = createDriver({
      engine: createEngine({ members: [first, second], strategy: inOrder, now: clock.now, randomSeed: 1, seed: 1 }),
      upstream: {
        disconnect () {},
        wake (peer) {
          // the engine must not be called from its own output
          clock.endOfTick(() => {
            blocks += drive.take(peer, 1 << 20, BITSWAP)?.blocks?.length ?? 0
            ms = clock.now()
          })
        }
      },
      timers: clock,
      log: defaultLogger().forComponent('test')
    })
    await drive.start('first', first)
    await drive.start('second', second)
    clock.pass(0)
    drive.message('peer', { wants: [{ cid: block.cid, priority: 1, cancel: false, wantType: 'block', sendDontHave: true }], full: false })
    clock.pass(60_000)
    await drive.stop()

    return { ms, blocks, first, second }
  }

  it('answer after their latency', async () => {
    const { ms, blocks, second } = await route({ after: 3 })

    expect({ ms, blocks }).to.deep.equal({ ms: 3, blocks: 1 })
    expect(second.asked).to.be.empty()
  })

  const troubles: FakeAnswer[] = ['dont-have', 'unknown', 'failed', 'death']

  for (const trouble of troubles) {
    it(`make the engine ask the next member after ${trouble}`, async () => {
      const { ms, blocks, second } = await route(trouble)

      expect(blocks).to.equal(1)
      expect(second.asked).to.have.lengthOf(1)
      expect(ms).to.equal(1 + 7)
    })
  }

  it('make the engine ask the next member after silence or wrong bytes, once the try has timed out', async () => {
    for (const trouble of ['nothing', 'wrong'] as const) {
      const { ms, blocks, first, second } = await route(trouble)

      expect(blocks).to.equal(1)
      expect(first.cancelled).to.have.lengthOf(1)
      expect(second.asked).to.have.lengthOf(1)
      expect(ms).to.be.within(100, 10_000)
    }
  })
})
