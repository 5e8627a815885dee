import { wantKey } from '@kitsune/bitswap-codec'
import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { freshWants } from '../src/attack/messages.ts'
import { seededBlocks } from '../src/blocks.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { messageBlock } from '../src/wire-peer.ts'
import { expectReturned, expectSlices, held } from './support/bounds.ts'
import type { Transport } from '../src/attack/flood.ts'
import type { Balancer } from '../src/balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Received } from '../src/wire-inbox.ts'
import type { WirePeer } from '../src/wire-peer.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'
import type { Stream } from '@libp2p/interface'

/** How many wants the member answers a second, and how many at a time. */
const RATE = 200
const AT_A_TIME = 4
const { wantsPerClient, wantsPerMember } = DEFAULT_LIMITS
/** Blocks from which the balancer learns how little the honest client wants: until then each counts as 256 KiB. */
const LEARNED = 20

/** A member that answers one want after another, so that all others wait; it sends blocks that it has at once. */
interface SlowMember {
  /** The keys that it was asked for, in order. */
  readonly asked: string[]
  /** The keys that it has not answered. */
  readonly waiting: number
  hold (block: TestBlock): void
  onMessage (received: Received, self: WirePeer): void
  stop (): void
}

function slowMember (): SlowMember {
  const asked: string[] = []
  const blocks = new Map<string, TestBlock>()
  let waiting: WantEntry[] = []
  let answer = (_: readonly WantEntry[]): void => {}
  const timer = setInterval(() => {
    answer(waiting.slice(0, AT_A_TIME))
    waiting = waiting.slice(AT_A_TIME)
  }, 1000 * AT_A_TIME / RATE)

  return {
    asked,
    get waiting () { return waiting.length },
    hold (block) { blocks.set(String(wantKey(block.cid.bytes)), block) },

    onMessage ({ from, message: { wants } }, self) {
      answer = wants => { self.send(from, { presences: wants.map(({ cid }) => ({ cid, have: false })) }).catch(() => {}) }

      for (const want of wants.filter(({ cancel }) => !cancel)) {
        const key = String(wantKey(want.cid))
        const block = blocks.get(key)
        asked.push(key)

        if (block == null) {
          waiting.push(want)
        } else {
          self.send(from, { blocks: [messageBlock(block)] }).catch(() => {})
        }
      }
    },

    stop () { clearInterval(timer) }
  }
}

/**
 * How many keep their wants queued, and how many an honest client wants beside them, one after another. Beside one, more
 * than a round of the honest client has: it goes on since the rounds of the other end, too, and since one client leaves
 * some places at a member to others. Beside twenty hardly a place is free, and a cycle of all rounds takes longer than
 * a second: it goes on since a client that has not used up its round goes before the line.
 */
const CROWDS = [{ greedy: 1, wants: 40 }, { greedy: 20, wants: 10 }]

describe('clients that keep as many want-haves queued as they may', function () {
  this.timeout(120_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  /** A client whose list is always full. */
  const greed = async (balancer: Balancer, transport: Transport): Promise<{ client: WirePeer, stream: Stream }> => {
    let refill = (_: number): void => {}
    const client = await peers.wire({ keeps: false, onMessage: ({ message }) => { refill(message.presences.length) } })
    await client.connect(balancer[transport])
    const stream = await client.openStream(balancer.peerId)
    stream.send(freshWants(wantsPerClient))
    refill = count => { count > 0 && stream.status === 'open' && stream.send(freshWants(count)) }

    return { client, stream }
  }

  for (const { greedy, wants } of CROWDS) {
    for (const transport of ['tcp', 'ws'] as const) {
      it(`do not keep the want of an honest client waiting for a second, as the member counts it: ${greedy} of them, over ${transport}`, async () => {
        const blocks = await seededBlocks(LEARNED + wants, 1_000, `beside ${greedy} with queued wants over ${transport}`)
        const slow = slowMember()
        peers.onStop(async () => { slow.stop() })
        blocks.forEach(slow.hold)
        const member = await peers.wire({ listen: ['tcp'], keeps: false, onMessage: slow.onMessage })
        const balancer = await peers.probed({ downstreams: member.addresses })
        const honest = await peers.wire()
        await honest.connect(balancer[transport])
        await honest.fetch(balancer.peerId, blocks.slice(0, LEARNED).map(({ cid }) => cid))
        const before = await held(balancer)
        const others = await Promise.all(Array.from({ length: greedy }, async () => greed(balancer, transport)))
        await poll(async () => await balancer.metric('kitsune_router_wants') >= greedy * wantsPerClient - wantsPerMember, 'their lists to be full')
        await member.until(() => slow.asked.length >= LEARNED + wantsPerMember, 'the member to be asked for as many as it takes')

        const between: number[] = []

        for (const { cid } of blocks.slice(LEARNED)) {
          expect(slow.waiting, 'the member has capacity').to.be.above(wantsPerMember / 2)
          const asked = slow.asked.length
          await honest.fetch(balancer.peerId, [cid])
          between.push(slow.asked.slice(asked).indexOf(String(wantKey(cid.bytes))))
        }

        expect(Math.min(...between), 'a block came that the member was not asked for').to.be.at.least(0)
        expect(Math.max(...between), 'wants of others that were asked before one of its own').to.be.below(RATE)
        expect(others.map(({ stream }) => stream.status), 'one has gone').to.deep.equal(others.map(() => 'open'))
        await expectSlices(balancer)
        await Promise.all(others.map(async ({ client }) => client.stop()))
        await expectReturned(balancer, before)
      })
    }
  }
})
