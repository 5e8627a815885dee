import { expect } from 'aegir/chai'
import { openSocket } from '../src/attack/raw.ts'
import { seededBlock, seededBlocks } from '../src/blocks.ts'
import { startRelay } from '../src/relay.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import type { Transport } from '../src/attack/flood.ts'

/** How soon a peer that vanishes must be noticed, as the documentation says. */
const SILENCE_NOTICED_MS = 30_000

describe('connections that fall silent', function () {
  this.timeout(90_000)

  const peers = stack()
  let lineCut: Promise<void>
  let halfFrames: Promise<unknown>

  // each takes half a minute of waiting, so both wait at once
  before(() => {
    lineCut = cutLine()
    halfFrames = Promise.all([stopInFrames('tcp'), stopInFrames('ws')])
    // whichever test comes first may fail first
    lineCut.catch(() => {})
    halfFrames.catch(() => {})
  })

  after(async () => {
    await peers.stop()
  })

  it('are noticed within thirty seconds when a line is cut, to a downstream and to a client', async () => {
    await lineCut
  })

  it('lose their streams when two hundred stop in the middle of a frame, while an honest client is served in its usual time, over tcp and WebSockets', async () => {
    await halfFrames
  })

  const cutLine = async (): Promise<void> => {
    const downstream = await peers.wire({ listen: ['tcp'] })
    const toDownstream = await startRelay(downstream.addresses[0] ?? '')
    peers.onStop(toDownstream.stop)
    const balancer = await peers.balancer({ downstreams: [toDownstream.address] })

    const toBalancer = await startRelay(balancer.tcp)
    peers.onStop(toBalancer.stop)
    const client = await peers.wire()
    await client.connect(toBalancer.address)
    await client.want(balancer.peerId, [(await seededBlock(100, 'cut')).cid])
    await poll(async () => await balancer.metric('kitsune_router_clients') === 1, 'the client to be known')

    toDownstream.freeze()
    toBalancer.freeze()
    const start = performance.now()

    await poll(async () => !(await balancer.ready()), 'the loss of the only downstream to be noticed', { timeout: SILENCE_NOTICED_MS })
    await poll(async () => await balancer.metric('kitsune_router_clients') === 0, 'the client to be forgotten', { timeout: SILENCE_NOTICED_MS - (performance.now() - start) })
  }

  const stopInFrames = async (transport: Transport): Promise<void> => {
    const blocks = await seededBlocks(40, 1_000, 'beside half frames')
    const downstream = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks) })
    const balancer = await peers.balancer({ downstreams: downstream.addresses })
    const halting = await peers.wire()
    await halting.connect(balancer[transport])
    const streams = await Promise.all(Array.from({ length: 200 }, async () => halting.sendRaw(balancer.peerId, Uint8Array.from([0x80, 0x08, 0x0a]))))

    const client = await peers.wire()
    await client.connect(balancer[transport])

    for (const { cid } of blocks) {
      await client.fetch(balancer.peerId, [cid], 1_000)
    }

    await poll(() => streams.every(({ status }) => status !== 'open'), 'the streams to be reset', { timeout: 60_000 })
    expect(halting.connections(balancer.peerId)).to.have.lengthOf(1)
  }
})

describe('connections with a long round trip', function () {
  this.timeout(30_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  for (const muxer of ['yamux', 'mplex'] as const) {
    // they arrive with the last message of the handshake, before libp2p listens for streams
    it(`may begin with two hundred messages at once, each on its own stream, over ${muxer}`, async () => {
      const blocks = await seededBlocks(200, 100, 'in the first flight')
      const downstream = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks(blocks) })
      const balancer = await peers.balancer({ downstreams: downstream.addresses })
      const line = await startRelay(balancer.tcp, { delay: 100 })
      peers.onStop(line.stop)

      const client = await peers.wire({ muxer, streamPerMessage: true })
      await client.connect(line.address)
      await Promise.all(blocks.map(async ({ cid }) => client.want(balancer.peerId, [cid])))
      await client.until(() => blocks.every(({ cid }) => client.blocks.has(cid.toString())), 'all blocks', 5_000)
    })
  }
})

describe('connections of attackers', function () {
  this.timeout(90_000)

  const peers = stack()

  afterEach(async () => {
    await peers.stop()
  })

  for (const transport of ['tcp', 'ws'] as const) {
    it(`admits an honest client within a second beside five hundred sockets that never shake hands, over ${transport}`, async () => {
      const block = await seededBlock(1_000, 'beside silent sockets')
      const downstream = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([block]) })
      const balancer = await peers.balancer({ downstreams: downstream.addresses })
      const sockets = await Promise.all(Array.from({ length: 500 }, async () => openSocket(balancer[transport], transport)))
      peers.onStop(async () => { sockets.forEach(({ stop }) => { stop() }) })
      await delay(200)

      const client = await peers.wire()
      const start = performance.now()
      await client.connect(balancer[transport])
      expect(performance.now() - start).to.be.lessThan(1_000)
      await client.fetch(balancer.peerId, [block.cid])
    })
  }
})
