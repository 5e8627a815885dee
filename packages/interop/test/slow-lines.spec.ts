import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { FULL } from '../src/full.ts'
import { needKubo } from '../src/needs.ts'
import { startRelay } from '../src/relay.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'

const KiB = 1 << 10
const MiB = 1 << 20

/** The least share of a line's bandwidth that a transfer must use. */
const SHARE = 0.8

/** How soon a peer that vanishes must be noticed, as the documentation says. */
const SILENCE_NOTICED_MS = 30_000

const SIZE = (FULL ? 24 : 12) * MiB
const RATES = FULL ? [64, 128, 256, 400] : [256]

describe('clients behind slow lines', function () {
  this.timeout(600_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'clients behind slow lines')
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** Returns the bytes a second of a kubo that pins. It is not peered, so it does not dial again: if its connection closes once, the pin never ends. */
  const pinned = async (rate: number, transport: 'tcp' | 'ws'): Promise<number> => {
    const dag = await createDag(binary, { size: SIZE, blockSize: 256 * KiB, seed: `line/${rate}/${transport}` })
    const holder = await peers.kubo({ dag })
    const balancer = await peers.balancer({ downstreams: [holder.url] })
    const relay = await startRelay(balancer[transport], { rate })
    peers.onStop(relay.stop)
    const client = await peers.kubo()
    await client.connect(relay.address, { peering: false })
    const start = performance.now()
    await client.pin(dag.root, { signal: AbortSignal.timeout(1_500 * SIZE / rate) })

    return SIZE / ((performance.now() - start) / 1_000)
  }

  /** The same for a client that speaks mplex, whose stream holds as much unsent as it may. Then the line freezes: also returns the ms until that is noticed. */
  const fetched = async (rate: number): Promise<{ perSecond: number, noticed: number }> => {
    const blocks = await seededBlocks(SIZE / (256 * KiB), 256 * KiB, `line/${rate}/mplex`)
    const holder = await peers.kubo()
    await Promise.all(blocks.map(async ({ bytes }) => holder.putBlock(bytes)))
    const balancer = await peers.balancer({ downstreams: [holder.url] })
    const relay = await startRelay(balancer.tcp, { rate })
    peers.onStop(relay.stop)
    const client = await peers.wire({ muxer: 'mplex' })
    await client.connect(relay.address)
    const start = performance.now()
    const most = blocks.slice(0, -8)
    await client.want(balancer.peerId, blocks.map(({ cid }) => cid))
    await client.until(() => client.blocks.size >= most.length, 'all blocks but the last few', 1_500 * SIZE / rate)
    const perSecond = client.bytesReceived / ((performance.now() - start) / 1_000)
    expect(client.connections(balancer.peerId)).to.have.lengthOf(1)

    relay.freeze()
    const frozen = performance.now()
    await poll(async () => await balancer.metric('kitsune_router_clients') === 0, 'the client to be forgotten', { timeout: SILENCE_NOTICED_MS })

    return { perSecond, noticed: performance.now() - frozen }
  }

  for (const rate of RATES) {
    it(`of ${rate} KiB/s get what the line carries, on one connection, and are forgotten within thirty seconds when it freezes`, async () => {
      const [tcp, ws, { perSecond, noticed }] = await Promise.all([
        pinned(rate * KiB, 'tcp'),
        pinned(rate * KiB, 'ws'),
        fetched(rate * KiB)
      ])

      expect(tcp / KiB, 'over tcp').to.be.greaterThan(SHARE * rate)
      expect(ws / KiB, 'over WebSockets').to.be.greaterThan(SHARE * rate)
      expect(perSecond / KiB, 'over mplex').to.be.greaterThan(SHARE * rate)
      expect(noticed).to.be.lessThan(SILENCE_NOTICED_MS)
    })
  }
})
