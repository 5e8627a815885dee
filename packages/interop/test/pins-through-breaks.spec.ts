import { wantRouter } from '@kitsune/want-router'
import { kubo } from '@kitsune/want-router/discovery/kubo-rpc'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { startRelay } from '../src/relay.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'
import type { Policy, WantRouter } from '@kitsune/want-router'
import type { Connection, Libp2p, PrivateKey, Stream } from '@libp2p/interface'

/** How long a client may get nothing after a break, ms. */
const PAUSE_MS = 10_000

/**
 * After this long at the latest kubo has got a block whose want was lost with a connection, ms: every 15 s boxo
 * sends again what it sent 30 s ago or earlier (messagequeue.go), so after 45 s at the latest, and it has to come.
 */
const RESENT_MS = 50_000

/** How many wants kubo has open while it pins; it asks for more when some are answered. */
const OPEN_WANTS = 30

type Ending = (stream: Stream, connection: Connection) => void

describe('a kubo whose connection or router breaks while it pins', function () {
  this.timeout(120_000)

  let binary: string
  let dag: Dag
  /** When each want came to a router, by its CID. */
  const arrived = new Map<string, number>()
  const noted: Policy = {
    name: 'noted',
    admit ({ cid }) {
      arrived.set(cid.toString(), performance.now())

      return 'pass'
    }
  }
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'clients for which something breaks')
    dag = await createDag(binary, { size: 8 << 20, blockSize: 1 << 10 })
  })

  afterEach(async () => {
    await peers.stop()
    arrived.clear()
  })

  async function router (holder: Kubo, privateKey?: PrivateKey): Promise<Libp2p<{ router: WantRouter }>> {
    const host = await createLibp2p({
      privateKey,
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux({ streamOptions: { maxStreamWindowSize: 1 << 20 } })],
      services: { identify: identify(), router: wantRouter({ targets: kubo([holder.url]), policies: [noted] }) }
    })
    peers.onStop(async () => { await host.stop() })

    return host
  }

  /**
   * Waits until all blocks have come, and fails when none has come for `PAUSE_MS`, though a want that kubo has open came to the
   * router before that. A want that was lost on its way kubo has to send again.
   */
  async function pinned (client: Kubo, pin: Promise<void>): Promise<void> {
    const state = { done: false }
    const end = (): void => { state.done = true }
    pin.then(end, end)
    let count = -1
    let since = performance.now()

    while (!state.done) {
      const now = await client.blocksReceived()
      const pause = performance.now() - since
      expect(pause, `${now} blocks, and then none`).to.be.lessThan(RESENT_MS)

      if (pause > PAUSE_MS) {
        const due = performance.now() - PAUSE_MS
        const unanswered = (await client.wants()).filter(cid => (arrived.get(cid) ?? Infinity) < due)
        expect(unanswered, `${now} blocks, and then none for ${pause} ms`).to.deep.equal([])
      }

      if (now !== count) {
        count = now
        since = performance.now()
      }

      await delay(50)
    }

    await pin
    expect([...arrived.keys()]).to.include(dag.root)
  }

  const endings: Record<string, Ending> = {
    'the connection on which it asks breaks, and another lives': (_, connection) => { connection.abort(new Error('cut')) },
    'the stream on which it asks breaks': stream => { stream.abort(new Error('cut')) }
  }

  it('goes on when the router is killed, and is back at once with the same key', async () => {
    const holder = await peers.kubo({ dag })
    const client = await peers.kubo()
    const id = peerIdFromString(client.peerId)
    const privateKey = await generateKeyPair('Ed25519')
    const line = await startRelay(client.tcp)
    peers.onStop(line.stop)

    const start = async (): Promise<Libp2p<{ router: WantRouter }>> => {
      const host = await router(holder, privateKey)
      await host.dial(multiaddr(line.address))
      await host.dial(multiaddr(line.address), { force: true })
      expect(host.getConnections(id)).to.have.lengthOf(2)

      return host
    }

    let host = await start()
    const own = host.peerId.toString()
    const pin = client.pin(dag.root)
    pin.catch(() => {})

    for (let round = 0; round < 3; round++) {
      const before = await client.blocksReceived()
      await poll(async () => await client.blocksReceived() > before + 100, `the transfer to go on in round ${round}`, { interval: 5, timeout: PAUSE_MS })
      line.reset()
      host.getConnections().forEach(connection => { connection.abort(new Error('killed')) })
      const stopped = host.stop()
      // or it takes the next one for another connection of the same, and sends its wants again after 30 s at the earliest
      await poll(async () => !(await client.peers()).includes(own), 'the kubo to notice', { interval: 5 })
      await stopped
      host = await start()
    }

    await pinned(client, pin)
  })

  for (const what of Object.keys(endings)) {
    it(`goes on when ${what}`, async () => { await pinThroughBreaks(endings[what]) })
  }

  async function pinThroughBreaks (end: Ending): Promise<void> {
    const holder = await peers.kubo({ dag })
    const host = await router(holder)
    const client = await peers.kubo()
    const id = peerIdFromString(client.peerId)
    const again = async (): Promise<void> => { await host.dial(multiaddr(client.tcp), { force: true }) }
    await again()
    await again()
    const pin = client.pin(dag.root)
    pin.catch(() => {})

    for (let round = 0; round < 3; round++) {
      const before = await client.blocksReceived()
      await poll(async () => await client.blocksReceived() > before + 100, `the transfer to go on in round ${round}`, { interval: 5, timeout: PAUSE_MS })
      // then none of its wants is on its way: one that is lost with the connection kubo sends again after 30 s at the earliest
      await poll(() => host.services.router.status().wants >= OPEN_WANTS, `its wants to have come in round ${round}`, { interval: 1, timeout: PAUSE_MS })
      const asking = host.getConnections(id).flatMap(connection => connection.streams.map(stream => ({ stream, connection })))
        .find(({ stream }) => stream.direction === 'inbound' && stream.protocol.includes('bitswap'))

      if (asking != null) {
        end(asking.stream, asking.connection)
      }

      if (host.getConnections(id).length < 2) {
        await again()
      }
    }

    await pinned(client, pin)
  }
})
