import { BITSWAP_PROTOCOLS } from '@kitsune/bitswap-codec'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createNetwork } from '../../src/network/network.ts'
import { fakeClock, fakeHost, randomPeer, settled } from './fakes.ts'
import { allNumbers, frame, numbered, numbers } from './messages.ts'
import type { Clock, FakeConnection, FakeHost } from './fakes.ts'
import type { NetworkLimits } from '../../src/network/defaults.ts'
import type { Network } from '../../src/network/network.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { PeerId } from '@libp2p/interface'

const MIB = 1024 * 1024

describe('network/network', () => {
  let ann: PeerId
  let bob: PeerId
  let clock: Clock
  let host: FakeHost
  let net: Network
  let heard: Array<[peer: string, numbers: number[], protocol: BitswapProtocol]>
  let gone: string[]
  let queues: Map<string, Outgoing[]>
  let onMessage: (peer: string, message: BitswapMessage) => Promise<void> | undefined

  before(async () => {
    ann = await randomPeer()
    bob = await randomPeer()
  })

  beforeEach(async () => {
    clock = fakeClock()
    host = fakeHost()
    heard = []
    gone = []
    queues = new Map()
    onMessage = () => undefined
    net = create()
    await net.start()
  })

  function create (limits?: Partial<NetworkLimits>): Network {
    return createNetwork({
      handlers: {
        message (peer, message, protocol) {
          heard.push([peer, numbers(message), protocol])
          return onMessage(peer, message)
        },
        gone (peer) { gone.push(peer) }
      },
      take: peer => queues.get(peer)?.shift(),
      now: clock.now,
      random: () => 1,
      after: clock.after,
      limits
    }, host)
  }

  async function restart (limits: Partial<NetworkLimits>): Promise<void> {
    await net.stop()
    net = create(limits)
    await net.start()
  }

  async function send (peer: PeerId, ...messages: Outgoing[]): Promise<void> {
    const id = peer.toString()
    queues.set(id, [...queues.get(id) ?? [], ...messages])
    net.wake(id)
    await settled()
  }

  describe('start and stop', () => {
    it('registers all versions, and nothing is left of them afterwards', async () => {
      expect([...host.handlers.keys()]).to.have.members([...BITSWAP_PROTOCOLS])
      await net.stop()
      expect([...host.handlers.keys()]).to.deep.equal([])
      expect(host.events.listenerCount('connection:open')).to.equal(0)
      expect(host.events.listenerCount('connection:close')).to.equal(0)
    })

    it('fails, and takes back what it registered, if another has registered one', async () => {
      await net.stop()
      host.handlers.set('/ipfs/bitswap/1.0.0', () => {})
      await expect(net.start()).to.eventually.be.rejectedWith('is taken')
      expect([...host.handlers.keys()]).to.deep.equal(['/ipfs/bitswap/1.0.0'])
    })

    it('knows who had been connected before', async () => {
      await net.stop()
      const connection = host.connected(ann)
      await net.start()
      await send(ann, numbered(1))
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('can be started again', async () => {
      await net.stop()
      await net.start()
      const connection = host.connected(ann)
      host.stream(connection).receive(frame(numbered(1)))
      expect(heard).to.have.lengthOf(1)
    })

    it('ends all streams when it stops, and calls nobody any more', async () => {
      const connection = host.connected(ann)
      const inbound = host.stream(connection)
      await send(ann, numbered(1))
      const outbound = connection.last
      await net.stop()
      expect(inbound.resetSent).to.equal(true)
      expect(outbound.closeSent).to.equal(true)
      expect(outbound.resetSent).to.equal(false, 'what was sent must arrive')
      expect(clock.timers).to.equal(0)
      connection.end()
      await clock.advance(60_000)
      expect(gone).to.deep.equal([])
      expect(net.sizes).to.deep.equal({ peers: 0, watched: 0 })
    })
  })

  describe('peers', () => {
    it('hears from each under its own name and version', () => {
      host.stream(host.connected(ann)).receive(frame(numbered(1)))
      host.stream(host.connected(bob), '/ipfs/bitswap').receive(frame(numbered(2)))
      expect(heard).to.deep.equal([
        [ann.toString(), [1], '/ipfs/bitswap/1.2.0'],
        [bob.toString(), [2], '/ipfs/bitswap']
      ])
    })

    it('a bad stream costs that stream only', async () => {
      const connection = host.connected(ann)
      const [good, bad] = [host.stream(connection), host.stream(connection)]
      bad.receive(new Array(20).fill(0xff))
      good.receive(frame(numbered(1)))
      await send(ann, numbered(2))
      expect(bad.resetSent).to.equal(true)
      expect(connection.status).to.equal('open')
      expect(heard).to.have.lengthOf(1)
      expect(allNumbers(connection.last.left)).to.deep.equal([2])
      expect(gone).to.deep.equal([])
    })

    it('are gone with their last connection, once', () => {
      const [first, second] = [host.connected(ann), host.connected(ann)]
      first.end()
      expect(gone).to.deep.equal([])
      second.end()
      expect(gone).to.deep.equal([ann.toString()])
    })

    it('are new when they come again', () => {
      host.connected(ann).end()
      host.stream(host.connected(ann)).receive(frame(numbered(1)))
      expect(heard).to.have.lengthOf(1)
      expect(gone).to.have.lengthOf(1)
    })

    it('one of two connections closes: what was under way moves over, and state is kept', async () => {
      const [first, second] = [host.connected(ann), host.connected(ann)]
      await send(ann, numbered(1))
      expect(second.asked).to.equal(1, 'the newest is the likeliest to live')
      second.end()
      await settled()
      expect(allNumbers(first.last.left)).to.deep.equal([1])
      expect(gone).to.deep.equal([])
    })

    it('nothing is heard of a stream whose connection closed while it was negotiated', () => {
      const connection = host.connected(ann)
      connection.end()
      const stream = host.stream(connection)
      expect(stream.resetSent).to.equal(true)
      expect(net.sizes.peers).to.equal(0)
    })

    it('a limited connection is not used, a later one is', async () => {
      const relayed = host.connected(ann)
      relayed.limits = { bytes: 1n }
      await send(ann, numbered(1))
      expect(relayed.asked).to.equal(0)
      const direct = host.connected(ann)
      await settled()
      expect(allNumbers(direct.last.left)).to.deep.equal([1])
    })

    it('that are not connected are not woken', () => {
      net.wake(ann.toString())
      expect(net.sizes).to.deep.equal({ peers: 0, watched: 0 })
    })

    it('a handler that fails to clean up after one does not disturb the others', async () => {
      await net.stop()
      net = createNetwork({
        handlers: { message: () => undefined, gone () { throw new Error('boom') } },
        take: () => undefined
      }, host)
      await net.start()
      host.connected(ann).end()
      expect(net.sizes.peers).to.equal(0)
    })

    it('five hundred come and go with streams in every state, and nothing is left of them', async () => {
      onMessage = async () => new Promise(() => {})
      const peers = await Promise.all(Array.from({ length: 50 }, randomPeer))

      for (let i = 0; i < 500; i++) {
        const connection = host.connected(peers[i % peers.length])
        host.stream(connection)
        host.stream(connection).receive(frame(numbered(i)).subarray(0, 9))
        host.stream(connection).receive([...frame(numbered(i)), ...frame(numbered(i))])
        connection.room = i % 2 === 0 ? 0 : Infinity
        await send(connection.remotePeer, numbered(i), numbered(i))
        connection.end()
      }

      expect(gone).to.have.lengthOf(500)
      expect(net.sizes).to.deep.equal({ peers: 0, watched: 0 })
      await clock.advance(1_000)
      expect(clock.timers).to.equal(0)
    })
  })

  describe('what one peer may hold', () => {
    function halfMessages (connection: FakeConnection, count: number, bytes: number): number {
      const streams = Array.from({ length: count }, () => {
        const stream = host.stream(connection)
        stream.receive([0x80, 0x80, 0x80, 0x01])
        stream.onData(new Uint8Array(bytes))
        return stream
      })

      return streams.filter(({ resetSent }) => !resetSent).length
    }

    it('16 MiB of unfinished messages over all its streams, then the newest goes', () => {
      const connection = host.connected(ann)
      expect(halfMessages(connection, 100, MIB)).to.equal(15)
      expect(net.stats.shed).to.equal(85)
      const stream = host.stream(connection)
      stream.receive(frame(numbered(1)))
      expect(heard).to.have.lengthOf(1)
      expect(stream.status).to.equal('open')
    })

    it('and that is not at the cost of others', () => {
      halfMessages(host.connected(ann), 50, MIB)
      expect(halfMessages(host.connected(bob), 15, MIB)).to.equal(15)
    })

    it('is free again when its streams have ended', async () => {
      const connection = host.connected(ann)
      halfMessages(connection, 15, MIB)
      await clock.advance(31_000)
      expect(halfMessages(connection, 15, MIB)).to.equal(15)
    })

    it('a flood of streams that say nothing costs no timer, and the peer is still heard', async () => {
      const connection = host.connected(ann)
      connection.protocols = []
      await clock.advance(2_000)

      for (let i = 0; i < 4_000; i++) {
        host.stream(connection)
      }

      expect(clock.timers).to.equal(0)
      host.stream(connection).receive(frame(numbered(1)))
      expect(heard).to.have.lengthOf(1)
      connection.end()
      expect(net.sizes.peers).to.equal(0)
    })

    it('what waits behind messages that are being handled is bounded too', async () => {
      await restart({ maxWaitingBytes: 3 * MIB })
      const handled = Promise.withResolvers<void>()
      onMessage = async () => handled.promise
      const connection = host.connected(ann)

      const streams = [1, 2, 3, 4].map(number => {
        const stream = host.stream(connection)
        stream.receive(frame(numbered(number)))
        stream.onData(frame(numbered(number + 10, MIB - 1_000)))
        return stream
      })

      await clock.advance(250)
      expect(streams.map(({ resetSent }) => resetSent)).to.deep.equal([false, false, false, true])
      handled.resolve()
      await settled()
      await settled()
      expect(heard.flatMap(([, numbers]) => numbers)).to.have.members([1, 2, 3, 4, 11, 12, 13])
    })

    it('a peer that takes nothing for two minutes is disconnected', async () => {
      const connection = host.connected(ann)
      connection.room = 0
      await send(ann, ...Array.from({ length: 10 }, (_, i) => numbered(i, 100_000)))
      await clock.advance(125_000)
      expect(connection.status).to.not.equal('open')
      expect(gone).to.deep.equal([ann.toString()])
      expect(net.stats.stalled).to.equal(1)
      expect(net.sizes.peers).to.equal(0)
    })
  })

  describe('connect', () => {
    const address = multiaddr('/ip4/127.0.0.1/tcp/4001')

    it('dials, negotiates, and the stream is used', async () => {
      host.onDial = () => host.connected(ann)
      await net.connect(ann, [address], AbortSignal.timeout(1_000))
      expect(String(host.dialed[0])).to.equal(`/ip4/127.0.0.1/tcp/4001/p2p/${ann.toString()}`)
      expect(net.stats.streamsOpened).to.equal(1)
      await send(ann, numbered(1))
      expect(net.stats.streamsOpened).to.equal(1)
    })

    it('does not dial who is connected', async () => {
      host.connected(ann)
      await net.connect(ann, [address], AbortSignal.timeout(1_000))
      expect(host.dialed).to.deep.equal([])
      expect(net.stats.streamsOpened).to.equal(1)
    })

    it('dials by id without an address', async () => {
      host.onDial = () => host.connected(ann)
      await net.connect(ann, [], AbortSignal.timeout(1_000))
      expect(host.dialed).to.deep.equal([ann])
    })

    it('rejects with what libp2p says', async () => {
      await expect(net.connect(ann, [address], AbortSignal.timeout(1_000))).to.eventually.be.rejectedWith('could not be dialed')
      expect(net.sizes).to.deep.equal({ peers: 0, watched: 0 })
    })

    it('rejects if the peer has no bitswap, and keeps its connection', async () => {
      const connection = host.connected(ann)
      connection.protocols = []
      await expect(net.connect(ann, [], AbortSignal.timeout(1_000))).to.eventually.be.rejected.with.property('name', 'NoBitswapError')
      expect(connection.status).to.equal('open')
    })

    it('rejects if the connection closes meanwhile', async () => {
      const connection = host.connected(ann)
      connection.negotiate = async () => new Promise(() => {})
      const connected = net.connect(ann, [], AbortSignal.timeout(1_000))
      await settled()
      connection.end()
      await expect(connected).to.eventually.be.rejected.with.property('name', 'NotConnectedError')
    })

    it('rejects when it is not running', async () => {
      await net.stop()
      await expect(net.connect(ann, [], AbortSignal.timeout(1_000))).to.eventually.be.rejected.with.property('name', 'NetworkStoppedError')
    })

    it('protects the peer from being pruned', async () => {
      const tagged: unknown[] = []
      await net.stop()
      net = createNetwork({ handlers: { message: () => undefined, gone () {} }, take: () => undefined }, {
        ...host,
        peerStore: {
          async merge (peer, data) {
            tagged.push([peer, Object.values(data.tags ?? {})])
            return { id: peer, addresses: [], protocols: [], metadata: new Map(), tags: new Map() }
          }
        }
      })
      await net.start()
      host.connected(ann)
      await net.connect(ann, [], AbortSignal.timeout(1_000))
      expect(tagged).to.deep.equal([[ann, [{ value: 100 }]]])
      await net.stop()
    })
  })

  describe('disconnect', () => {
    it('ends streams and connections; the peer is gone', async () => {
      const connections = [host.connected(ann), host.connected(ann)]
      const stream = host.stream(connections[0])
      await net.disconnect(ann.toString())
      expect(connections.map(({ status }) => status)).to.deep.equal(['closed', 'closed'])
      expect(stream.resetSent).to.equal(true)
      expect(gone).to.deep.equal([ann.toString()])
    })

    it('does not call back before it returns, even from within a message', () => {
      onMessage = peer => {
        void net.disconnect(peer)
        expect(gone).to.deep.equal([])
        return undefined
      }
      host.stream(host.connected(ann)).receive([...frame(numbered(1)), ...frame(numbered(2))])
      expect(heard).to.have.lengthOf(1)
    })

    it('takes no more streams on a connection that is slow to close', async () => {
      const connection = host.connected(ann)
      connection.close = async () => {}
      await net.disconnect(ann.toString())
      expect(host.stream(connection).resetSent).to.equal(true)
      expect(net.sizes.peers).to.equal(0)
      connection.end()
      expect(gone).to.have.lengthOf(1)
    })

    it('aborts a connection that cannot be closed', async () => {
      const connection = host.connected(ann)
      connection.close = async () => { throw new Error('no') }
      await net.disconnect(ann.toString())
      expect(connection.status).to.equal('aborted')
    })

    it('leaves alone who is not connected', async () => {
      await net.disconnect(ann.toString())
      expect(gone).to.deep.equal([])
    })

    it('does not keep the peer from coming again', async () => {
      host.connected(ann)
      await net.disconnect(ann.toString())
      host.stream(host.connected(ann)).receive(frame(numbered(1)))
      expect(heard).to.have.lengthOf(1)
    })
  })

  describe('flushed', () => {
    it('is so at once when nothing is to be sent', async () => {
      host.connected(ann)
      expect(await net.flushed()).to.equal(true)
    })

    it('waits for what peers have not read', async () => {
      const connection = host.connected(ann)
      await send(ann, numbered(1))
      connection.last.room = 0
      await send(ann, numbered(2), numbered(3))
      let flushed = false
      const waiting = net.flushed().then(value => { flushed = value })
      await clock.advance(1_000)
      expect(flushed).to.equal(false)
      await connection.last.drain(Infinity)
      await waiting
      expect(flushed).to.equal(true)
    })

    it('sees what has left without a sign', async () => {
      const connection = host.connected(ann)
      connection.room = 0
      await send(ann, numbered(1))
      const waiting = net.flushed()
      connection.last.leaveSilently()
      await clock.advance(250)
      expect(await waiting).to.equal(true)
    })

    it('waits for a stream that cannot be opened yet', async () => {
      const connection = host.connected(ann)
      connection.negotiate = async () => { throw new Error('no') }
      await send(ann, numbered(1))
      const waiting = net.flushed()
      connection.negotiate = async () => {}
      await clock.advance(500)
      expect(await waiting).to.equal(true)
      expect(allNumbers(connection.last.left)).to.deep.equal([1])
    })

    it('does not wait for who is gone', async () => {
      const connection = host.connected(ann)
      connection.room = 0
      await send(ann, numbered(1))
      const waiting = net.flushed()
      connection.end()
      expect(await waiting).to.equal(true)
    })

    it('ends with its signal', async () => {
      const connection = host.connected(ann)
      connection.room = 0
      await send(ann, numbered(1))
      const controller = new AbortController()
      const waiting = net.flushed(controller.signal)
      controller.abort()
      expect(await waiting).to.equal(false)
      expect(await net.flushed(controller.signal)).to.equal(false)
    })
  })

  it('counts', async () => {
    const connection = host.connected(ann)
    host.stream(connection).receive(frame(numbered(1)))
    await send(ann, numbered(2))
    const length = frame(numbered(1)).length
    expect(net.stats).to.deep.equal({
      streamsOpened: 1,
      streamsReceived: 1,
      openFailures: 0,
      framesIn: 1,
      bytesIn: length - 1,
      framesOut: 1,
      bytesOut: length,
      badFrames: 0,
      framesDropped: 0,
      shed: 0,
      resends: 0,
      stalled: 0
    })
  })
})
