import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createInFlightBudget } from '../../src/network/in-flight.ts'
import { createLanes } from '../../src/network/lanes.ts'
import { createNetworkStats } from '../../src/network/stats.ts'
import { createWatch } from '../../src/network/watch.ts'
import { fakeClock, FakeConnection, randomPeer, settled } from './fakes.ts'
import { allNumbers, numbered, read } from './messages.ts'
import type { Clock, FakeStream } from './fakes.ts'
import type { Writer } from '../../src/network/writer.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, PeerId } from '@libp2p/interface'

const KIB = 1024
// a sixteenth of the defaults, or a gigabyte would be sent
const limits = { ...DEFAULT_NETWORK_LIMITS, highWaterMark: 16 * KIB, minMessageSize: KIB, maxMessageSize: 64 * KIB, laneBytes: 128 * KIB }
const { laneBytes, maxLanes, highWaterMark, maxMessageSize } = limits
const BLOCK = 16 * KIB
const CID = Uint8Array.of(0x01, 0x55, 0x00, 0x01, 0x01)

describe('network/lanes', () => {
  let peer: PeerId
  let clock: Clock
  let connection: FakeConnection
  let queue: Outgoing[]
  let write: Writer
  let next: number

  before(async () => {
    peer = await randomPeer()
  })

  beforeEach(() => {
    clock = fakeClock()
    connection = new FakeConnection(peer)
    connection.capacity = BLOCK
    queue = []
    next = 0
    write = createLanes({
      limits,
      stats: createNetworkStats(),
      watch: createWatch(DEFAULT_NETWORK_LIMITS.tickInterval, clock.now, clock.after),
      log: defaultLogger().forComponent('test'),
      now: clock.now,
      random: () => 1,
      budget: createInFlightBudget(limits),
      undecided: () => false,
      isLost: () => false,
      connections: () => [connection].filter(({ status }) => status === 'open') as unknown as Connection[],
      take: () => queue.shift(),
      refused () {},
      stalled () {},
      mayBeIdle () {}
    })
  })

  afterEach(() => {
    write.stop(new Error('the test is over'))
  })

  async function send (count: number, length = BLOCK): Promise<void> {
    queue.push(...Array.from({ length: count }, () => numbered(next++, length)))
    write.wake()
    await settled()
  }

  /** The peer of each stream opens its window by this much, `ms` after it was full. */
  async function roundTrip (window = 256 * KIB, ms = 100): Promise<void> {
    await clock.advance(ms)
    await Promise.all(connection.streams.filter(({ status }) => status === 'open').map(async stream => stream.drain(window)))
    await settled()
  }

  /** All that has left, by any stream. */
  function arrived (): number[] {
    return connection.streams.flatMap(({ left }) => allNumbers(left)).sort((a, b) => a - b)
  }

  /** Streams that are written to. */
  function open (): FakeStream[] {
    return connection.streams.filter(({ status, closeSent }) => status === 'open' && !closeSent)
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

  it('use further streams while windows hold blocks back, up to four', async () => {
    await send(1_000)
    const counts: number[] = []

    for (let i = 0; i < 40; i++) {
      await roundTrip()
      counts.push(connection.streams.length)
    }

    expect(Math.max(...counts)).to.equal(maxLanes)
    // one after the other, each when the one before has had its share
    expect([...new Set(counts)]).to.deep.equal([1, 2, 3, 4])

    for (let i = 0; i < 40; i++) {
      await roundTrip()
    }

    expect(arrived()).to.deep.equal(upTo(1_000))
  })

  it('stay one if the window is full and the path carries little', async () => {
    for (const rtt of [10, -1]) {
      await send(200)
      connection.last.roundTrip = rtt

      for (let i = 0; i < 50; i++) {
        await roundTrip(64 * KIB, 10)
      }
    }

    expect(arrived()).to.deep.equal(upTo(400))
    expect(connection.streams).to.have.length(1)
  })

  it('stay one for a peer that reads slowly: further ones would only fill its buffers', async () => {
    await send(400)

    for (let i = 0; i < 100; i++) {
      await roundTrip(256 * KIB, 250)
    }

    expect(arrived()).to.deep.equal(upTo(400))
    expect(connection.streams).to.have.length(1)
  })

  it('stay one for a peer that does not read', async () => {
    await send(100)
    await clock.advance(60_000)
    expect(connection.streams).to.have.length(1)
    expect(100 - queue.length).to.be.below(laneBytes / BLOCK)
  })

  it('stay one if the muxer has no windows', async () => {
    const { newStream } = connection

    connection.newStream = async (...args) => {
      const stream = await newStream(...args)
      Object.defineProperty(stream, 'sendWindowCapacity', { value: undefined })

      return stream
    }

    await send(100)

    for (let i = 0; i < 40; i++) {
      await roundTrip()
    }

    expect(arrived()).to.deep.equal(upTo(100))
    expect(connection.streams).to.have.length(1)
  })

  it('hold no more for a peer that stops reading than the high water mark and a message each', async () => {
    await send(2_000)

    for (let i = 0; i < 20; i++) {
      await roundTrip()
    }

    await clock.advance(1_000)
    const held = connection.streams.map(({ writeBufferLength }) => writeBufferLength)
    expect(held).to.have.length(maxLanes)
    expect(Math.max(...held)).to.be.at.most(highWaterMark + maxMessageSize)
  })

  it('send wants and presences only on the first stream, in order, and blocks on any', async () => {
    for (let i = 0; i < 400; i++) {
      queue.push({ ...numbered(i, BLOCK), presences: [{ cid: CID, have: i % 2 === 0 }], wants: [{ cid: CID, priority: i, cancel: false, wantType: 'block', sendDontHave: true }] })
    }

    write.wake()
    await settled()

    for (let i = 0; i < 80; i++) {
      await roundTrip()
    }

    const [first, ...others] = connection.streams.map(({ left }) => read(left))
    expect(first.flatMap(({ wants }) => wants.map(({ priority }) => priority))).to.deep.equal(upTo(400))
    expect(first.flatMap(({ presences }) => presences)).to.have.length(400)
    expect(others).to.have.length.above(0)

    for (const { wants, presences, blocks } of others.flat()) {
      expect([wants.length, presences.length]).to.deep.equal([0, 0])
      expect(blocks).to.not.be.empty()
    }

    expect(arrived()).to.deep.equal(upTo(400))
  })

  it('lose nothing when the peer resets a further stream, and open none again until it connects again', async () => {
    await send(1_000)

    while (connection.streams.length === 1) {
      await roundTrip()
    }

    const second: FakeStream = connection.streams[1]
    await roundTrip()
    second.onRemoteReset()
    await settled()
    const opened = connection.streams.length

    for (let i = 0; i < 140; i++) {
      await roundTrip()
    }

    expect([...new Set(arrived())]).to.deep.equal(upTo(1_000))
    expect(open()).to.have.length.at.most(2)
    expect(connection.streams.length).to.be.at.most(opened + 1)

    write.connected()
    await send(1_000)

    for (let i = 0; i < 40; i++) {
      await roundTrip()
    }

    expect(open()).to.have.length(maxLanes)
  })

  it('are closed when idle, and the first is opened again when needed', async () => {
    await send(400)

    for (let i = 0; i < 60; i++) {
      await roundTrip()
    }

    expect(write.busy).to.equal(false)
    await clock.advance(10_000)
    expect(connection.streams.every(({ closeSent }) => closeSent)).to.equal(true)
    const { length } = connection.streams
    await send(1)
    await roundTrip()
    expect(connection.streams).to.have.length(length + 1)
    expect(arrived()).to.deep.equal(upTo(401))
  })
})
