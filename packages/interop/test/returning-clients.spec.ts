import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { startRelay } from '../src/relay.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'

const KIB = 1 << 10
const MIB = 1 << 20

/** The time after which the balancer gives up a silent connection. */
const GIVEN_UP_MS = 32_000

const transports = ['tcp', 'ws'] as const

interface Seen {
  /** From the call that begins the pin until the first block, ms. */
  first: number
  /** From that call until all blocks, ms. */
  pinned: number
  /** Unsolicited blocks: until all others had come, and later. */
  stray: number
  strayLater: number
}

describe('clients that come back', function () {
  this.timeout(180_000)

  const seen = new Map<typeof transports[number], Promise<Seen>>()
  let received: Promise<number>
  let binary: string
  let old: Dag
  let next: Dag
  const peers = stack(() => binary)

  // most of it is waiting, so all wait at once
  before(async function () {
    binary = needKubo(this, 'clients that come back')
    received = fetchAgain()
    received.catch(() => {})
    old = await createDag(binary, { size: 256 * MIB, blockSize: 256 * KIB, seed: 'before' })
    next = await createDag(binary, { size: 64 * MIB, blockSize: 256 * KIB, seed: 'after' })
    const holders = [await peers.kubo({ dag: old }), await peers.kubo({ dag: next })]

    for (const transport of transports) {
      const comesBack = comeBack(transport, holders)
      comesBack.catch(() => {})
      seen.set(transport, comesBack)
    }
  })

  after(async () => {
    await peers.stop()
  })

  async function comeBack (transport: typeof transports[number], holders: readonly Kubo[]): Promise<Seen> {
    const balancer = await peers.balancer({ downstreams: holders.map(({ url }) => url) })
    const relay = await startRelay(balancer[transport])
    peers.onStop(relay.stop)
    const client = await peers.kubo()
    await client.connect(relay.address)
    client.pin(old.root).catch(() => {})
    await poll(async () => await client.blocksReceived() > 100, 'the transfer to be under way', { interval: 5 })

    relay.freeze()
    await client.kill()
    await client.restart()
    await client.connect(balancer[transport])

    const start = performance.now()
    const pinned = client.pin(next.root)
    await poll(async () => await client.blocksReceived() > 0, 'the first block', { timeout: 40_000, interval: 10 })
    const first = performance.now() - start
    await pinned
    const seconds = performance.now() - start
    const stray = await client.blocksReceived() - next.blocks.length
    await delay(GIVEN_UP_MS - (performance.now() - start))

    return { first, pinned: seconds, stray, strayLater: await client.blocksReceived() - next.blocks.length - stray }
  }

  for (const transport of transports) {
    it(`get their first block within two seconds over ${transport}, and nothing that they wanted before they were killed while their line was dead`, async () => {
      const result = await seen.get(transport)
      expect(result?.first).to.be.lessThan(2_000)
      expect(result?.strayLater).to.equal(0)
    })
  }

  async function fetchAgain (): Promise<number> {
    const old = await seededBlocks(400, 256 * KIB, 'before')
    const [next] = await seededBlocks(1, 256 * KIB, 'after')
    const downstream = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([...old, next]) })
    const balancer = await peers.balancer({ downstreams: downstream.addresses })
    const relay = await startRelay(balancer.tcp, { rate: MIB })
    peers.onStop(relay.stop)
    const privateKey = await generateKeyPair('Ed25519')
    const before = await peers.wire({ privateKey })
    await before.connect(relay.address)
    await before.want(balancer.peerId, old.map(({ cid }) => cid))
    await before.until(() => before.blocks.size > 3, 'some blocks')
    relay.freeze()
    await before.stop()

    const after = await peers.wire({ privateKey })
    await after.connect(balancer.tcp)
    await after.fetch(balancer.peerId, [next.cid], 2_000)
    await delay(GIVEN_UP_MS)

    return after.blocks.size - 1
  }

  it('are not sent earlier wants: of 400 blocks only those that were already taken from the router', async () => {
    expect(await received).to.be.lessThan(20)
  })
})
