import { wantKey } from '@kitsune/bitswap-codec'
import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { freshWants } from '../src/attack/messages.ts'
import { seededBlocks } from '../src/blocks.ts'
import { stack } from '../src/stack.ts'
import { messageBlock } from '../src/wire-peer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Received } from '../src/wire-inbox.ts'
import type { WirePeer } from '../src/wire-peer.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** How many wants the member answers a second, and how many at a time. */
const RATE = 200
const AT_A_TIME = 4
const { wantsPerClient, wantsPerMember } = DEFAULT_LIMITS

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

describe('a client that keeps as many want-haves queued as it may', function () {
  this.timeout(60_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  for (const transport of ['tcp', 'ws'] as const) {
    it(`does not keep the want of an honest client waiting for a second, as the member counts it, over ${transport}`, async () => {
      const blocks = await seededBlocks(10, 1_000, `beside queued wants over ${transport}`)
      const slow = slowMember()
      peers.onStop(async () => { slow.stop() })
      blocks.forEach(slow.hold)
      const member = await peers.wire({ listen: ['tcp'], keeps: false, onMessage: slow.onMessage })
      const balancer = await peers.balancer({ downstreams: member.addresses })
      let refill = (_: number): void => {}
      const hog = await peers.wire({ keeps: false, onMessage: ({ message }) => { refill(message.presences.length) } })
      await hog.connect(balancer[transport])
      const stream = await hog.openStream(balancer.peerId)
      stream.send(freshWants(wantsPerClient))
      refill = count => { stream.send(freshWants(count)) }
      const honest = await peers.wire()
      await honest.connect(balancer[transport])
      await member.until(() => slow.asked.length >= wantsPerMember, 'the member to be asked for as many as it takes')

      for (const { cid } of blocks) {
        expect(slow.waiting, 'the member has capacity').to.be.above(wantsPerMember / 2)
        const before = slow.asked.length
        await honest.fetch(balancer.peerId, [cid])
        const between = slow.asked.slice(before).indexOf(String(wantKey(cid.bytes)))
        expect(between, 'wants of the other client that were asked before').to.be.within(0, RATE - 1)
      }

      expect(stream.status, 'the other client has gone').to.equal('open')
    })
  }
})
