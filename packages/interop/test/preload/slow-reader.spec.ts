import { expect } from 'aegir/chai'
import { startProbedBalancer } from '../../src/attack/probed-balancer.ts'
import { createDag } from '../../src/dag.ts'
import { residentBytes, resetPeak } from '../../src/memory.ts'
import { needKubo } from '../../src/needs.ts'
import { startRelay } from '../../src/relay.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { describeFull } from '../support/describe-full.ts'
import type { ProbedBalancer } from '../../src/attack/probed-balancer.ts'
import type { Kubo } from '../../src/kubo.ts'

const LEAVES = 100_000
const LEAF = 256
/** Bytes a second that the client reads. */
const RATE = 20_000
/** Approximate bytes of a line of the answer. */
const LINE = 80
/** Lines that wait for a reader before the walk does: 1 MiB. */
const UNREAD = Math.floor((1 << 20) / LINE)
/** How much more a balancer may hold at any time than after the same preload by a client that reads at once, and the longest delay of its event loop, ms. */
const MOST_BYTES = 64 << 20
const MOST_DELAY = 100

describeFull(`preload of ${LEAVES} blocks for a client that reads ${RATE / 1000} KB/s`, function () {
  this.timeout(240_000)

  let binary: string
  let node: Kubo
  let balancer: ProbedBalancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload for a client that reads slowly')
    node = await peers.kubo()
    balancer = await startProbedBalancer({ downstreams: [node.url], args: ['-p', '127.0.0.1:0'] })
    peers.onStop(async () => balancer.stop())
    await poll(balancer.ready, 'the balancer to be ready')
    const { port } = new URL(balancer.preload)
    const response = await ask('warm', port, 'identity', AbortSignal.timeout(200_000))
    expect((await response.text()).split('\n')).to.have.length.above(LEAVES)
  })

  after(async () => {
    await peers.stop()
  })

  /** Lets a new client with its own DAG ask for refs at that port. */
  async function ask (seed: string, port: string, encoding: string, signal: AbortSignal): Promise<Response> {
    const dag = await createDag(binary, { size: LEAVES * LEAF, blockSize: LEAF, seed })
    const client = await peers.kubo({ dag })
    await client.connect(balancer.ws)

    return fetch(`http://127.0.0.1:${port}/api/v0/refs?r=true&arg=${dag.root}&peer=${client.peerId}`, { method: 'POST', headers: { 'accept-encoding': encoding }, signal })
  }

  const readSlowly = async (encoding: string): Promise<void> => {
    const line = await startRelay(`/ip4/127.0.0.1/tcp/${new URL(balancer.preload).port}`, { rate: RATE })
    peers.onStop(async () => line.stop())
    await balancer.look({ collected: true })
    resetPeak(balancer.pid)
    const before = residentBytes(balancer.pid)?.now ?? 0
    const had = await node.blocksReceived()

    const leaving = new AbortController()
    const response = await ask(encoding, /\/tcp\/(\d+)/.exec(line.address)?.[1] ?? '', encoding, leaving.signal)
    expect(response.status).to.equal(200)
    expect(response.headers.get('content-encoding')).to.equal(encoding === 'gzip' ? 'gzip' : null)
    let read = 0
    const reading = (async () => {
      for await (const chunk of response.body ?? []) {
        read += chunk.length
      }
    })()
    reading.catch(() => {})

    await poll(async () => await node.blocksReceived() - had >= UNREAD, 'the node to have the blocks', { timeout: 120_000 })
    expect(read, 'bytes that the client has read').to.be.below(UNREAD * LINE / 2)
    const { delay } = await balancer.look()
    expect(delay, 'delay of the event loop, ms').to.be.below(MOST_DELAY)
    expect((residentBytes(balancer.pid)?.peak ?? Infinity) - before, 'bytes that it holds more').to.be.below(MOST_BYTES)

    leaving.abort()
    await reading.catch(() => {})
    await poll(async () => await balancer.metric('kitsune_preload_running') === 0 && await balancer.metric('kitsune_preload_link_bytes') === 0, 'nothing to be left', { timeout: 2000 })
  }

  for (const encoding of ['identity', 'gzip']) {
    it(`is not slowed down by it, and keeps little for it, with ${encoding}`, async () => readSlowly(encoding))
  }
})
