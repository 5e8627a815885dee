import { BITSWAP_PROTOCOLS, decodeMessage, frameDecoder } from '@kitsune/bitswap-codec'
import { yamux } from '@libp2p/yamux'
import { expect } from 'aegir/chai'
import { createHost, createNode, longPath, until } from './hosts.ts'
import { V0, frame, numbered, numbers } from './messages.ts'
import { sendInOneFlight } from './one-flight.ts'
import type { Muxer, Node } from './hosts.ts'
import type { Connection, Libp2p, StreamMuxer } from '@libp2p/interface'

const KIB = 1024
const BITSWAP = '/ipfs/bitswap/1.2.0'

/** When a peer that is like Helia aborts a stream without messages, ms. */
const IDLE = 10

function range (count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

describe('network over real libp2p hosts', function () {
  this.timeout(120_000)

  const stops: Array<() => Promise<void>> = []

  afterEach(async () => {
    await Promise.all(stops.splice(0).map(async stop => { await stop() }))
  })

  async function node (...args: Parameters<typeof createNode>): Promise<Node> {
    const created = await createNode(...args)
    stops.push(created.stop)

    return created
  }

  async function host (...args: Parameters<typeof createHost>): Promise<Libp2p> {
    const created = await createHost(...args)
    stops.push(async () => created.stop())

    return created
  }

  for (const muxer of ['yamux', 'mplex'] satisfies Muxer[]) {
    describe(muxer, () => {
      it('a peer that reads slowly loses nothing of what it holds unread', async () => {
        const [ann, bob] = [await node(muxer), await node(muxer)]
        // two seconds for all of them
        bob.onMessage = async () => { await new Promise(resolve => { setTimeout(resolve, 20) }) }
        await ann.dial(bob)
        ann.send(bob, ...range(100).map(i => numbered(i, 200 * KIB)))
        await until('all have arrived', () => new Set(bob.heard).size === 100)
        expect(ann.net.stats.resends).to.equal(0)
      })

      it('thousands of messages both ways, in order, on as few streams as can be', async () => {
        const oneStream = { limits: { maxLanes: 1 } }
        const [ann, bob] = [await node(muxer, oneStream), await node(muxer, oneStream)]
        await ann.dial(bob)
        const messages = range(3_000).map(i => numbered(i, i % 100 === 0 ? 200 * KIB : i % 5_000 + 4))
        ann.send(bob, ...messages)
        bob.send(ann, ...messages)
        await until('all have arrived', () => ann.heard.length >= 3_000 && bob.heard.length >= 3_000)
        expect(ann.heard).to.deep.equal(range(3_000))
        expect(bob.heard).to.deep.equal(range(3_000))
        // without flow control a stream carries no more than the peer can hold unread
        expect(bob.net.stats.streamsReceived).to.be.within(1, muxer === 'yamux' ? 1 : 8)
        expect(await ann.net.flushed(AbortSignal.timeout(5_000))).to.equal(true)
      })

      it('a peer that opens a stream for each message gets all of them back', async () => {
        const ann = await node(muxer)
        const bob = await host(muxer)
        const connection = await bob.dial(ann.host.getMultiaddrs())

        for (const i of range(400)) {
          const stream = await connection.newStream(BITSWAP, { maxOutboundStreams: 1_000 })
          stream.send(frame(numbered(i)))
          await stream.close()
        }

        await until('all have arrived', () => ann.heard.length === 400)
        await until('no stream is left', () => connection.streams.length === 0)
        expect(ann.heard).to.deep.equal(range(400))
        expect(ann.host.getConnections()[0].streams).to.have.lengthOf(0)
      })

      for (const protocol of BITSWAP_PROTOCOLS) {
        it(`a peer whose streams come with their data and their end in one flight is heard, in ${protocol}`, async () => {
          const ann = await node(muxer)
          // each is held for a moment, so streams are paused with their end known
          ann.onMessage = async () => { await new Promise(resolve => { setImmediate(resolve) }) }
          const bob = await host(muxer)
          const connection = await bob.dial(ann.host.getMultiaddrs())
          await until('the other end is open', () => ann.host.getConnections().length === 1)

          await Promise.all(range(100).map(async i => sendInOneFlight(connection, protocol, frame(numbered(i, i === 50 ? 100 * KIB : 100, V0), protocol))))

          await until('no stream is left', () => connection.streams.length === 0 && ann.host.getConnections()[0].streams.length === 0)
          expect(ann.heard).to.have.members(range(100))
          expect(ann.net.stats).to.include({ streamsReceived: 100, badFrames: 0, framesDropped: 0 })
        })
      }

      it('malformed bytes reset their stream and nothing else', async () => {
        const ann = await node(muxer)
        const bob = await host(muxer)
        const connection = await bob.dial(ann.host.getMultiaddrs())
        const [good, bad] = [await connection.newStream(BITSWAP), await connection.newStream(BITSWAP)]
        const reset = new Promise(resolve => { bad.addEventListener('close', resolve) })
        bad.send(new Uint8Array(20).fill(0xff))
        await reset
        good.send(frame(numbered(1)))
        await until('the good one is heard', () => ann.heard.length === 1)
        expect(connection.status).to.equal('open')
        expect(ann.net.stats.badFrames).to.equal(1)
      })

      it('a peer that aborts idle streams, even just when something is sent, loses no message', async () => {
        const ann = await node(muxer, { limits: { minStreamLife: 0 } })
        const bob = await host(muxer)
        const heard = new Set<number>()
        let streams = 0

        // as Helia does after 10 s
        await bob.handle(BITSWAP, stream => {
          streams++
          const decoder = frameDecoder()
          const abort = (): void => { stream.abort(new Error('idle')) }
          let timer = setTimeout(abort, IDLE)
          stream.addEventListener('close', () => { clearTimeout(timer) })
          stream.addEventListener('message', ({ data }) => {
            for (const body of decoder.push(data)) {
              clearTimeout(timer)
              timer = setTimeout(abort, IDLE)
              numbers(decodeMessage(body)).forEach(number => heard.add(number))
            }
          })
        }, { maxInboundStreams: 1_000 })
        await ann.net.connect(bob.peerId, bob.getMultiaddrs(), AbortSignal.timeout(10_000))

        for (const i of range(200)) {
          ann.queue.push(numbered(i, 100))
          ann.net.wake(bob.peerId.toString())
          // around the moment in which the peer aborts
          await new Promise(resolve => { setTimeout(resolve, IDLE + i % 7 - 3) })
        }

        await until('all have arrived', () => heard.size === 200)
        expect(streams).to.be.above(1)
        expect(ann.net.stats.resends).to.be.above(0)
      })

      it('one of two connections closes in the middle: every message arrives, and no peer counts as gone', async () => {
        const [ann, bob] = [await node(muxer), await node(muxer)]
        await ann.dial(bob)
        await ann.host.dial(bob.host.getMultiaddrs(), { force: true })
        await until('both are there', () => ann.host.getConnections().length === 2 && bob.host.getConnections().length === 2)
        const used = ann.host.getConnections().find(({ streams }) => streams.some(({ protocol }) => protocol === BITSWAP))
        ann.send(bob, ...range(500).map(i => numbered(i, 20 * KIB)))
        await until('some have arrived', () => bob.heard.length > 50)
        used?.abort(new Error('cut'))
        await until('all have arrived', () => new Set(bob.heard).size === 500)
        expect(ann.gone).to.deep.equal([])
        expect(bob.gone).to.deep.equal([])
      })
    })
  }

  it('a receiver that is slow stops the sender, and loses nothing', async () => {
    const [ann, bob] = [await node(), await node()]
    let handled = 0
    let most = 0
    let buffered = 0
    const count = 400
    const length = 64 * KIB

    bob.onMessage = async ({ blocks }) => {
      if (blocks.length === 0) {
        // a greeting, if it takes longer than a second
        return
      }

      const [connection] = bob.host.getConnections()
      buffered = Math.max(buffered, ...connection.streams.map(stream => stream.readBufferLength))
      most = Math.max(most, (count - ann.queue.length - handled) * length)
      await new Promise(resolve => { setTimeout(resolve, 1) })
      handled++
    }

    await ann.dial(bob)
    ann.send(bob, ...range(count).map(i => numbered(i, length)))
    await until('all were handled', () => handled === count, 60_000)
    expect(bob.heard).to.deep.equal(range(count))
    // the kernel buffers most of that, on both sides
    expect(most).to.be.below(16 * 1024 * KIB)
    expect(buffered).to.be.at.most(1024 * KIB)
  })

  it('a receiver that is slow under the default window of yamux, 16 MiB, loses nothing', async () => {
    const [ann, bob] = [await node(yamux(), { limits: { maxLanes: 1 } }), await node(yamux())]
    const first = Promise.withResolvers<void>()
    const count = 1_000
    const length = 64 * KIB
    // lets the window grow, then holds the stream for as long as anything comes
    bob.onMessage = () => bob.heard.length === 600 ? first.promise : undefined
    await ann.dial(bob)
    ann.send(bob, ...range(count).map(i => numbered(i, length)))
    await until('the stream is held', () => bob.heard.length === 600)
    await new Promise(resolve => { setTimeout(resolve, 1_000) })
    first.resolve()
    await until('all have arrived', () => bob.heard.length >= count)
    expect(bob.heard).to.deep.equal(range(count))
    expect(ann.net.stats.resends).to.equal(0)
  })

  it('a peer that never reads is sent its window and the mark, and no more is taken', async () => {
    const ann = await node()
    const bob = await host()
    await bob.handle(BITSWAP, stream => { stream.pause() })
    await ann.net.connect(bob.peerId, bob.getMultiaddrs(), AbortSignal.timeout(10_000))
    ann.queue.push(...range(1_000).map(i => numbered(i, 64 * KIB)))
    ann.net.wake(bob.peerId.toString())
    await new Promise(resolve => { setTimeout(resolve, 500) })
    expect(ann.queue.length).to.be.above(980)
    expect(await ann.net.flushed(AbortSignal.timeout(100))).to.equal(false)
  })

  it('a peer at the end of a long path gets its blocks on as many streams as its windows need', async () => {
    // a sixteenth of what is usual, of windows too
    const narrow = yamux({ streamOptions: { maxStreamWindowSize: 512 * KIB } })
    const [ann, bob] = [await node('yamux', { limits: { laneBytes: 128 * KIB } }), await node(() => narrow())]
    const path = await longPath(bob.host.getMultiaddrs()[0], 50)
    stops.push(path.stop)
    await ann.net.connect(bob.host.peerId, [path.address], AbortSignal.timeout(20_000))
    ann.send(bob, ...range(160).map(i => numbered(i, 256 * KIB)))
    await until('all have arrived', () => new Set(bob.heard).size === 160)
    expect(bob.heard).to.have.length(160)
    expect(bob.net.stats.streamsReceived).to.be.within(2, 4)
    expect(await ann.net.flushed(AbortSignal.timeout(5_000))).to.equal(true)
  })

  it('a peer whose muxer has ended, and that both sides take to be connected, is disconnected, and is served when it comes again', async () => {
    const [ann, bob] = [await node(() => yamux()()), await node(() => yamux()())]
    await bob.dial(ann)
    await until('the other end is open', () => ann.host.getConnections().length === 1)
    const [connection] = bob.host.getConnections() as unknown as Array<Connection & { muxer: StreamMuxer }>
    // as it does by itself when more streams are opened than it allows
    connection.muxer.abort(new Error('too many streams'))
    expect(connection.status).to.equal('open')
    // sooner than libp2p itself, which pings each connection every 10 s
    await until('both have noticed', () => ann.net.sizes.peers === 0 && bob.net.sizes.peers === 0, 6_000)

    await bob.dial(ann)
    bob.send(ann, numbered(1))
    await until('it is heard', () => ann.heard.includes(1))
    ann.send(bob, numbered(2))
    await until('it is answered', () => bob.heard.includes(2))
  })

  it('an old peer gets messages in its own version', async () => {
    const ann = await node()
    const bob = await host()
    const protocols: string[] = []
    await bob.handle('/ipfs/bitswap/1.0.0', stream => { protocols.push(stream.protocol) })
    await ann.net.connect(bob.peerId, bob.getMultiaddrs(), AbortSignal.timeout(10_000))
    await until('the stream is there', () => protocols.length === 1)
    expect(protocols).to.deep.equal(['/ipfs/bitswap/1.0.0'])
  })

  it('a peer without bitswap cannot be connected to', async () => {
    const ann = await node()
    const bob = await host()
    await expect(ann.net.connect(bob.peerId, bob.getMultiaddrs(), AbortSignal.timeout(10_000))).to.eventually.be.rejected.with.property('name', 'NoBitswapError')
  })

  it('an idle stream is retired on both sides, and a new one opened when needed', async () => {
    const limits = { idleTimeout: 300, resendWindow: 100, tickInterval: 50 }
    const [ann, bob] = [await node('yamux', { limits }), await node('yamux')]
    await ann.dial(bob)
    ann.send(bob, numbered(1))
    await until('the stream is gone', () => ann.host.getConnections()[0].streams.length === 0 && bob.host.getConnections()[0].streams.length === 0)
    ann.send(bob, numbered(2))
    await until('both have arrived', () => bob.heard.length === 2)
    expect(ann.net.stats).to.include({ streamsOpened: 2, resends: 0 })
    expect(bob.net.stats.badFrames).to.equal(0)
  })

  it('five hundred peers come, send half a message, read nothing, and go: nothing is left of them', async () => {
    const server = await node()
    const clients = await Promise.all(range(10).map(async () => host()))

    await Promise.all(clients.map(async client => {
      await client.handle(BITSWAP, stream => { stream.pause() })

      for (const i of range(50)) {
        const connection: Connection = await client.dial(server.host.getMultiaddrs())
        const [whole, half] = [await connection.newStream(BITSWAP), await connection.newStream(BITSWAP)]
        whole.send(frame(numbered(i)))
        half.send(frame(numbered(i)).subarray(0, 9))
        await new Promise(resolve => { setTimeout(resolve, 1) })
        server.queue.push(numbered(i))
        server.net.wake(client.peerId.toString())

        if (i % 2 === 0) {
          await connection.close()
        } else {
          connection.abort(new Error('gone'))
        }
      }
    }))

    await until('all are gone', () => server.net.sizes.peers === 0)
    await until('nothing is watched', () => server.net.sizes.watched === 0)
    expect(server.gone).to.have.lengthOf(500)
    expect(server.net.stats.streamsReceived).to.be.above(500)
    expect(server.host.getConnections()).to.deep.equal([])
  })
})
