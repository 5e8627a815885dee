import { createHolder } from '../src/attack/holder.ts'
import { besideHonest } from '../src/attack/honest.ts'
import { seededBlock } from '../src/blocks.ts'
import { FULL } from '../src/full.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { createWirePeer } from '../src/wire-peer.ts'
import type { Holder } from '../src/attack/holder.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { WirePeer } from '../src/wire-peer.ts'

const CYCLES = FULL ? 10_000 : 200
const PARALLEL = 10
/** How much may be left of each peer, bytes. */
const LEFT = 1 << 10
/** How much the memory of a process varies, bytes. */
const SLACK = 1 << 20

describe('peers that come, want and go', function () {
  this.timeout(FULL ? 900_000 : 120_000)

  let block: TestBlock
  let balancer: ProbedBalancer
  let hold: Holder['hold']
  const peers = stack()

  beforeEach(async () => {
    block = await seededBlock(1_000, 'for peers that go')
    const holder = createHolder([block])
    hold = holder.hold
    const member = await peers.wire({ listen: ['tcp'], keeps: false, onMessage: holder.onMessage })
    balancer = await peers.probed({ downstreams: member.addresses })
  })

  afterEach(async () => {
    await peers.stop()
  })

  const visit = async (client: WirePeer, transport: 'tcp' | 'ws'): Promise<void> => {
    await client.connect(balancer[transport])
    await client.fetch(balancer.peerId, [block.cid], 30_000)
    await client.stop()
  }

  const visits = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += PARALLEL) {
      // half of them over each transport
      await Promise.all(Array.from({ length: PARALLEL }, async (_, n) => visit(await createWirePeer(), n % 2 === 0 ? 'tcp' : 'ws')))
    }
  }

  const allGone = async (): Promise<void> => {
    await poll(async () => await balancer.metric('kitsune_router_clients') === 0, 'all to have gone')
  }

  it(`leave less than 1 KiB each, and one that stays is served: ${CYCLES} of them`, async () => {
    // the permanent cost of the first is not left by each
    await besideHonest(balancer.tcp, 'who stays, at first', hold, async () => visits(200))
    await allGone()
    const before = await balancer.held()
    await besideHonest(balancer.tcp, 'who stays', hold, async () => visits(CYCLES))
    await allGone()

    await poll(async () => await balancer.held() - before < CYCLES * LEFT + SLACK, `less than ${CYCLES} KiB to be left`, { timeout: 20_000, interval: 500 })
  })
})
