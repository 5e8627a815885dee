import { startProbedBalancer } from '../src/attack/probed-balancer.ts'
import { seededBlock } from '../src/blocks.ts'
import { FULL } from '../src/full.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { createWirePeer } from '../src/wire-peer.ts'
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
  const peers = stack()

  beforeEach(async () => {
    block = await seededBlock(1_000, 'for peers that go')
    const member = await peers.wire({ listen: ['tcp'], keeps: false, onMessage: serveBlocks([block]) })
    balancer = await startProbedBalancer({ downstreams: member.addresses })
    peers.onStop(async () => balancer.stop())
    await poll(balancer.ready, 'the balancer to be ready')
  })

  afterEach(async () => {
    await peers.stop()
  })

  const visit = async (client: WirePeer, transport: 'tcp' | 'ws'): Promise<void> => {
    await client.connect(balancer[transport])
    await client.fetch(balancer.peerId, [block.cid], 30_000)
    await client.stop()
  }

  const cycles = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += PARALLEL) {
      // half of them over each transport
      await Promise.all(Array.from({ length: PARALLEL }, async (_, n) => visit(await createWirePeer(), n % 2 === 0 ? 'tcp' : 'ws')))
    }

    await poll(async () => await balancer.metric('kitsune_router_clients') === 0, 'all to have gone')
  }

  const held = async (): Promise<number> => {
    const { heap, external } = await balancer.look({ collected: true })

    return heap + external
  }

  it(`leave less than 1 KiB each: ${CYCLES} of them`, async () => {
    // the permanent cost of the first is not left by each
    await cycles(200)
    const before = await held()
    await cycles(CYCLES)

    await poll(async () => await held() - before < CYCLES * LEFT + SLACK, `less than ${CYCLES} KiB to be left`, { timeout: 20_000, interval: 500 })
  })
})
