import { expect } from 'aegir/chai'
import { startProbedBalancer } from '../../src/attack/probed-balancer.ts'
import { seededBlock } from '../../src/blocks.ts'
import { FULL } from '../../src/full.ts'
import { needKubo } from '../../src/needs.ts'
import { serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { delay, poll } from '../../src/until.ts'
import { expectNothingLeft } from '../support/bounds.ts'
import type { ProbedBalancer } from '../../src/attack/probed-balancer.ts'
import type { WirePeer } from '../../src/wire-peer.ts'

const CLIENTS = 10
/** A hundred a second in all. */
const RECONNECTS = FULL ? 1000 : 100
const PAUSE = 100
const GAUGES = ['kitsune_preload_running', 'kitsune_preload_queued', 'kitsune_preload_link_bytes', 'kitsune_balancer_connections', 'kitsune_router_clients']
/** How much a heap varies, bytes. */
const SLACK = 4 << 20

describe(`preload by clients that connect ${RECONNECTS} times, a hundred times a second`, function () {
  this.timeout(90_000)

  let binary: string
  let balancer: ProbedBalancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload by clients that connect often')
    const kubo = await peers.kubo()
    balancer = await startProbedBalancer({ downstreams: [kubo.url], args: ['-p', '127.0.0.1:0'] })
    peers.onStop(async () => balancer.stop())
    await poll(balancer.ready, 'the balancer to be ready')
  })

  after(async () => {
    await peers.stop()
  })

  /** Connects, asks for a block that no node has, and leaves. */
  const comeAndGo = async (client: WirePeer, cid: string): Promise<void> => {
    const leaving = new AbortController()
    const asked = fetch(`${balancer.preload}/api/v0/refs?arg=${cid}&peer=${client.peerId}`, { method: 'POST', signal: leaving.signal }).catch(() => {})

    try {
      await client.connect(balancer.ws)
      await client.disconnect(balancer.peerId)
    } finally {
      leaving.abort()
      await asked
    }
  }

  const round = async (clients: readonly WirePeer[], times: number, cid: string): Promise<void> => {
    await Promise.all(clients.map(async client => {
      for (let i = 0; i < times; i++) {
        // a client that is refused comes back, too
        await Promise.all([comeAndGo(client, cid).catch(() => {}), delay(PAUSE)])
      }
    }))
  }

  it('keeps nothing of them, and serves the next one', async () => {
    const [missing, block] = await Promise.all(['no node has it', 'the next one'].map(async seed => seededBlock(1000, seed)))
    const clients = await Promise.all(Array.from({ length: CLIENTS }, async () => peers.wire()))
    // the permanent cost of the first clients
    await round(clients, 3, `${missing.cid}`)
    await expectNothingLeft(balancer, GAUGES)
    const before = await balancer.held()

    await round(clients, RECONNECTS / CLIENTS, `${missing.cid}`)
    await expectNothingLeft(balancer, GAUGES)
    await poll(async () => await balancer.held() < before + SLACK, 'memory to be as before', { timeout: 20_000, interval: 500 })

    const honest = await peers.wire({ onMessage: serveBlocks([block]) })
    await honest.connect(balancer.ws)
    const response = await fetch(`${balancer.preload}/api/v0/refs?arg=${block.cid}&peer=${honest.peerId}`, { method: 'POST' })
    expect(response.status).to.equal(200)
    await response.text()
  })
})
