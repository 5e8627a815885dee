import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createNetwork } from '../../src/network/network.ts'
import { randomPeer, settled } from './fakes.ts'
import { allNumbers, frame, numbered, read } from './messages.ts'
import { createNetworkRig } from './network-rig.ts'
import type { FakeConnection } from './fakes.ts'
import type { NetworkRig } from './network-rig.ts'
import type { Outgoing, WantEntry } from '@kitsune/bitswap-codec'

const MIB = 1024 * 1024

describe('network/network: its peers', () => {
  let rig: NetworkRig

  beforeEach(async () => {
    rig = await createNetworkRig()
  })

  describe('peers', () => {
    it('reports messages of each peer under its own id and version', () => {
      rig.host.stream(rig.host.connected(rig.ann)).receive(frame(numbered(1)))
      rig.host.stream(rig.host.connected(rig.bob), '/ipfs/bitswap').receive(frame(numbered(2)))
      expect(rig.heard).to.deep.equal([
        [rig.ann.toString(), [1], '/ipfs/bitswap/1.2.0'],
        [rig.bob.toString(), [2], '/ipfs/bitswap']
      ])
    })

    it('malformed bytes reset only their stream', async () => {
      const connection = rig.host.connected(rig.ann)
      const [good, bad] = [rig.host.stream(connection), rig.host.stream(connection)]
      bad.receive(new Array(20).fill(0xff))
      good.receive(frame(numbered(1)))
      await rig.send(rig.ann, numbered(2))
      expect(bad.resetSent).to.equal(true)
      expect(connection.status).to.equal('open')
      expect(rig.heard).to.have.lengthOf(1)
      expect(allNumbers(connection.last.left)).to.deep.equal([2])
      expect(rig.gone).to.deep.equal([])
    })

    it('are gone with their last connection, once', () => {
      const [first, second] = [rig.host.connected(rig.ann), rig.host.connected(rig.ann)]
      first.end()
      expect(rig.gone).to.deep.equal([])
      second.end()
      expect(rig.gone).to.deep.equal([rig.ann.toString()])
    })

    it('are new when they come again', () => {
      rig.host.connected(rig.ann).end()
      rig.host.stream(rig.host.connected(rig.ann)).receive(frame(numbered(1)))
      expect(rig.heard).to.have.lengthOf(1)
      expect(rig.gone).to.have.lengthOf(1)
    })

    it('if one of two connections closes, what was in flight moves to the other, and state is kept', async () => {
      const [first, second] = [rig.host.connected(rig.ann), rig.host.connected(rig.ann)]
      await rig.send(rig.ann, numbered(1))
      expect(second.asked).to.equal(1, 'the newest is the likeliest to live')
      second.end()
      await settled()
      expect(allNumbers(first.last.left)).to.deep.equal([1])
      expect(rig.gone).to.deep.equal([])
    })

    it('a stream is ignored whose connection closed while it was negotiated', () => {
      const connection = rig.host.connected(rig.ann)
      connection.end()
      const stream = rig.host.stream(connection)
      expect(stream.resetSent).to.equal(true)
      expect(rig.net.sizes.peers).to.equal(0)
    })

    it('a limited connection is not used, a later one is', async () => {
      const relayed = rig.host.connected(rig.ann)
      relayed.limits = { bytes: 1n }
      await rig.send(rig.ann, numbered(1))
      expect(relayed.asked).to.equal(0)
      const direct = rig.host.connected(rig.ann)
      await settled()
      expect(allNumbers(direct.last.left)).to.deep.equal([1])
    })

    it('that are not connected are not woken', () => {
      rig.net.wake(rig.ann.toString())
      expect(rig.net.sizes).to.deep.equal({ peers: 0, watched: 0 })
    })

    it('are reported once, with their first connection, also if they are connected at the start', async () => {
      const [first] = [rig.host.connected(rig.ann), rig.host.connected(rig.ann)]
      expect(rig.came).to.deep.equal([rig.ann.toString()])
      first.end()
      rig.host.connected(rig.ann)
      expect(rig.came).to.have.lengthOf(1)
      await rig.restart({})
      expect(rig.came).to.deep.equal([rig.ann.toString(), rig.ann.toString()])
    })

    it('an exchange that throws when one comes or goes does not disturb the others', async () => {
      await rig.net.stop()
      rig.net = createNetwork({
        exchange: { receive: () => undefined, take: () => undefined, came () { throw new Error('boom') }, gone () { throw new Error('boom') } }
      }, rig.host)
      await rig.net.start()
      rig.host.connected(rig.ann).end()
      expect(rig.net.sizes.peers).to.equal(0)
    })

    it('five hundred come and go with streams in every state, and nothing is left of them', async () => {
      rig.onMessage = async () => new Promise(() => {})
      const peers = await Promise.all(Array.from({ length: 50 }, randomPeer))

      for (let i = 0; i < 500; i++) {
        const connection = rig.host.connected(peers[i % peers.length])
        rig.host.stream(connection)
        rig.host.stream(connection).receive(frame(numbered(i)).subarray(0, 9))
        rig.host.stream(connection).receive([...frame(numbered(i)), ...frame(numbered(i))])
        connection.capacity = i % 2 === 0 ? 0 : Infinity
        await rig.send(connection.remotePeer, numbered(i), numbered(i))
        connection.end()
      }

      expect(rig.gone).to.have.lengthOf(500)
      expect(rig.net.sizes).to.deep.equal({ peers: 0, watched: 0 })
      await rig.clock.advance(1_000)
      expect(rig.clock.timers).to.equal(0)
    })
  })

  describe('greetings after a connection has broken', () => {
    const want: WantEntry = { cid: Uint8Array.of(0x01, 0x55, 0x12, 0x01, 0x07), wantType: 'block', priority: 1, cancel: false, sendDontHave: true }

    /** How many are sent, if the peer says something after the first. */
    async function greetings (message: Outgoing): Promise<number> {
      const [connection, other] = [rig.host.connected(rig.ann), rig.host.connected(rig.ann)]
      const inbound = rig.host.stream(connection)
      other.end()
      await rig.clock.advance(3_000)
      inbound.receive(frame(message))
      await rig.clock.advance(200_000)

      return connection.streams.filter(stream => stream !== inbound).flatMap(({ left }) => read(left)).length
    }

    it('end when the peer asks for something', async () => {
      expect(await greetings({ wants: [want] })).to.equal(1)
    })

    it('end when it sends a full wantlist, which may be empty', async () => {
      expect(await greetings({ full: true })).to.equal(1)
    })

    it('continue when it cancels wants, since it may not ask again', async () => {
      expect(await greetings({ wants: [{ ...want, cancel: true }] })).to.equal(4)
    })

    it('continue when it sends blocks, for the same reason', async () => {
      expect(await greetings(numbered(1))).to.equal(4)
    })
  })

  describe('what one peer may hold', () => {
    function halfMessages (connection: FakeConnection, count: number, bytes: number): number {
      const streams = Array.from({ length: count }, () => {
        const stream = rig.host.stream(connection)
        stream.receive([0x80, 0x80, 0x80, 0x01])
        stream.onData(new Uint8Array(bytes))

        return stream
      })

      return streams.filter(({ resetSent }) => !resetSent).length
    }

    it('16 MiB of unfinished messages over all its streams, then the newest goes', () => {
      const connection = rig.host.connected(rig.ann)
      expect(halfMessages(connection, 100, MIB)).to.equal(15)
      expect(rig.net.stats.shed).to.equal(85)
      const stream = rig.host.stream(connection)
      stream.receive(frame(numbered(1)))
      expect(rig.heard).to.have.lengthOf(1)
      expect(stream.status).to.equal('open')
    })

    it('and other peers do not lose streams because of that', () => {
      halfMessages(rig.host.connected(rig.ann), 50, MIB)
      expect(halfMessages(rig.host.connected(rig.bob), 15, MIB)).to.equal(15)
    })

    it('is free again when its streams have ended', async () => {
      const connection = rig.host.connected(rig.ann)
      halfMessages(connection, 15, MIB)
      await rig.clock.advance(31_000)
      expect(halfMessages(connection, 15, MIB)).to.equal(15)
    })

    it('a flood of silent streams costs no timer, and the peer is still heard', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.protocols = []
      await rig.clock.advance(2_000)

      for (let i = 0; i < 4_000; i++) {
        rig.host.stream(connection)
      }

      expect(rig.clock.timers).to.equal(0)
      rig.host.stream(connection).receive(frame(numbered(1)))
      expect(rig.heard).to.have.lengthOf(1)
      connection.end()
      expect(rig.net.sizes.peers).to.equal(0)
    })

    it('what waits behind messages that are being handled is bounded too', async () => {
      await rig.restart({ maxWaitingBytes: 3 * MIB })
      const handled = Promise.withResolvers<void>()
      rig.onMessage = async () => handled.promise
      const connection = rig.host.connected(rig.ann)

      const streams = [1, 2, 3, 4].map(number => {
        const stream = rig.host.stream(connection)
        stream.receive(frame(numbered(number)))
        stream.onData(frame(numbered(number + 10, MIB - 1_000)))

        return stream
      })

      await rig.clock.advance(250)
      expect(streams.map(({ resetSent }) => resetSent)).to.deep.equal([false, false, false, true])
      handled.resolve()
      await settled()
      await settled()
      expect(rig.heard.flatMap(([, numbers]) => numbers)).to.have.members([1, 2, 3, 4, 11, 12, 13])
    })

    it('a peer that takes nothing for two minutes is disconnected', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.capacity = 0
      await rig.send(rig.ann, ...Array.from({ length: 10 }, (_, i) => numbered(i, 100_000)))
      await rig.clock.advance(125_000)
      expect(connection.status).to.not.equal('open')
      expect(rig.gone).to.deep.equal([rig.ann.toString()])
      expect(rig.net.stats.stalled).to.equal(1)
      expect(rig.net.sizes.peers).to.equal(0)
    })
  })

  describe('connect', () => {
    const address = multiaddr('/ip4/127.0.0.1/tcp/4001')

    it('dials, negotiates, and the stream is used', async () => {
      rig.host.onDial = () => rig.host.connected(rig.ann)
      await rig.net.connect(rig.ann, [address], AbortSignal.timeout(1_000))
      expect(String(rig.host.dialed[0])).to.equal(`/ip4/127.0.0.1/tcp/4001/p2p/${rig.ann.toString()}`)
      expect(rig.net.stats.streamsOpened).to.equal(1)
      await rig.send(rig.ann, numbered(1))
      expect(rig.net.stats.streamsOpened).to.equal(1)
    })

    it('does not dial a peer that is connected', async () => {
      rig.host.connected(rig.ann)
      await rig.net.connect(rig.ann, [address], AbortSignal.timeout(1_000))
      expect(rig.host.dialed).to.deep.equal([])
      expect(rig.net.stats.streamsOpened).to.equal(1)
    })

    it('dials by id without an address', async () => {
      rig.host.onDial = () => rig.host.connected(rig.ann)
      await rig.net.connect(rig.ann, [], AbortSignal.timeout(1_000))
      expect(rig.host.dialed).to.deep.equal([rig.ann])
    })

    it('rejects with what libp2p says', async () => {
      await expect(rig.net.connect(rig.ann, [address], AbortSignal.timeout(1_000))).to.eventually.be.rejectedWith('could not be dialed')
      expect(rig.net.sizes).to.deep.equal({ peers: 0, watched: 0 })
    })

    it('rejects if the peer has no bitswap, and keeps its connection', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.protocols = []
      await expect(rig.net.connect(rig.ann, [], AbortSignal.timeout(1_000))).to.eventually.be.rejected.with.property('name', 'NoBitswapError')
      expect(connection.status).to.equal('open')
    })

    it('rejects if the connection closes meanwhile', async () => {
      const connection = rig.host.connected(rig.ann)
      connection.negotiate = async () => new Promise(() => {})
      const connected = rig.net.connect(rig.ann, [], AbortSignal.timeout(1_000))
      await settled()
      connection.end()
      await expect(connected).to.eventually.be.rejected.with.property('name', 'NotConnectedError')
    })

    it('rejects when it is not running', async () => {
      await rig.net.stop()
      await expect(rig.net.connect(rig.ann, [], AbortSignal.timeout(1_000))).to.eventually.be.rejected.with.property('name', 'NetworkStoppedError')
    })

    it('opens a stream to a connected peer without dialling it or keeping it', async () => {
      await expect(rig.net.open(rig.ann.toString(), AbortSignal.timeout(1_000))).to.eventually.be.rejected.with.property('name', 'NotConnectedError')
      expect(rig.host.dialed).to.be.empty()
      rig.host.connected(rig.ann)
      expect(await rig.net.open(rig.ann.toString(), AbortSignal.timeout(1_000))).to.equal('/ipfs/bitswap/1.2.0')
      expect(rig.host.dialed).to.be.empty()
    })

    it('protects the peer from being pruned', async () => {
      const tagged: unknown[] = []
      await rig.net.stop()
      rig.net = createNetwork({ exchange: { receive: () => undefined, take: () => undefined, gone () {} } }, {
        ...rig.host,
        peerStore: {
          async merge (peer, data) {
            tagged.push([peer, Object.values(data.tags ?? {})])

            return { id: peer, addresses: [], protocols: [], metadata: new Map(), tags: new Map() }
          }
        }
      })
      await rig.net.start()
      rig.host.connected(rig.ann)
      await rig.net.connect(rig.ann, [], AbortSignal.timeout(1_000))
      expect(tagged).to.deep.equal([[rig.ann, [{ value: 100 }]]])
      await rig.net.stop()
    })
  })
})
