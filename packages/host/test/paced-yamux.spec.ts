import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { DATA, PING, repeated, RST, SYN, unmuxed, WINDOW_UPDATE, yamuxFrame } from '../src/testing/index.ts'
import { addressOf, createTestHosts, remoteEnd } from './support/hosts.ts'
import { until } from './support/until.ts'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'

const MiB = 1 << 20

function echo (stream: Stream): void {
  stream.addEventListener('message', ({ data }) => { stream.send(data) })
}

describe('paced yamux', function () {
  this.timeout(60_000)

  const { server, client } = createTestHosts()

  for (const transport of ['tcp', 'ws'] as const) {
    describe(`over ${transport}`, () => {
      let host: Libp2p
      let near: Connection
      let far: Connection

      beforeEach(async () => {
        host = await server({ brokenStreamsPerSecond: 500 })
        const peer = await client()
        near = await peer.dial(multiaddr(addressOf(host, transport)))
        far = await remoteEnd(host, peer)
        await host.handle('/echo', echo, { maxInboundStreams: 10_000 })
      })

      async function echoed (): Promise<void> {
        const stream = await near.newStream('/echo')
        const answer = new Promise(resolve => { stream.addEventListener('message', resolve, { once: true }) })
        stream.send(new Uint8Array(10))
        await answer
        stream.abort(new Error('done'))
      }

      async function ended (connection: Connection): Promise<void> {
        await until(() => connection.status !== 'open')
      }

      it('refuses a data frame that is longer than its stream may send, from its header', async () => {
        unmuxed(near).send(yamuxFrame(DATA, SYN, 1001, 0xffffffff, new Uint8Array(1000)))
        await ended(far)
      })

      it('refuses a data frame for no stream that is longer than any window, from its header', async () => {
        unmuxed(near).send(yamuxFrame(DATA, 0, 1001, MiB + 1, new Uint8Array(1000)))
        await ended(far)
      })

      it('discards a data frame for no stream while it arrives', async () => {
        const { muxer } = far as unknown as { muxer: { decoder: { buffer: { byteLength: number } } } }
        unmuxed(near).send(yamuxFrame(DATA, 0, 1001, MiB, new Uint8Array(MiB - 1000)))
        await until(() => muxer.decoder.buffer.byteLength === 0)
        unmuxed(near).send(new Uint8Array(1000))
        await echoed()
        expect(muxer.decoder.buffer.byteLength).to.be.below(100)
      })

      it('reads no more discarded data in a tick than other data', async () => {
        const { muxer } = far as unknown as { muxer: { onData (data: { byteLength: number }): void } }
        const { onData } = muxer
        const perTick: number[] = [0]
        let running = true

        const countTick = (): void => {
          perTick.push(0)
          if (running) { setImmediate(countTick) }
        }

        countTick()

        muxer.onData = data => {
          perTick[perTick.length - 1] += data.byteLength
          onData.call(muxer, data)
        }

        for (let i = 0; i < 20; i++) {
          unmuxed(near).send(yamuxFrame(DATA, 0, 1001, MiB, new Uint8Array(MiB)))
        }

        await echoed()
        running = false

        expect(perTick.reduce((sum, bytes) => sum + bytes)).to.be.above(20 * MiB)
        // a share, what comes until the socket has paused, and as much again: a tick of this test may see the end of one share and the next one
        expect(Math.max(...perTick)).to.be.at.most(2 * (256 + 64 + 64 + 256) << 10)
      })

      it('answers a few pings, and ends the connection of a peer that floods it with them', async () => {
        const answers: number[] = []
        const { muxer } = near as unknown as { muxer: { handlePingResponse (id: number): void } }
        muxer.handlePingResponse = id => { answers.push(id) }
        unmuxed(near).send(repeated(500, yamuxFrame(PING, SYN, 0, 7)))
        await echoed()
        // those of one second, and of the time that has passed so far
        expect(answers).to.have.length.within(30, 96)

        unmuxed(near).send(repeated(5000, yamuxFrame(PING, SYN, 0, 7)))
        await ended(far)
      })

      it('handles a flood of frames in shares, in order, and then the frames after it', async () => {
        const { muxer } = far as unknown as { muxer: { handleStreamMessage (frame: { header: { streamID: number, length: number } }): void } }
        const handle = muxer.handleStreamMessage.bind(muxer)
        const seen: number[] = []
        const perTick = new Map<number, number>()
        let tick = 0
        let running = true

        const countTick = (): void => {
          tick++
          if (running) { setImmediate(countTick) }
        }

        countTick()

        muxer.handleStreamMessage = frame => {
          if (frame.header.streamID === 1001) {
            seen.push(frame.header.length)
            perTick.set(tick, (perTick.get(tick) ?? 0) + 1)
          }

          handle(frame)
        }

        unmuxed(near).send(Buffer.concat(Array.from({ length: 10_000 }, (_, i) => yamuxFrame(WINDOW_UPDATE, 0, 1001, i))))
        await echoed()
        running = false

        expect(seen).to.deep.equal(Array.from({ length: 10_000 }, (_, i) => i))
        // a tick of this test may see the end of one share and the next one
        expect(Math.max(...perTick.values())).to.be.at.most(512)
      })

      it('ends the connection, and not the process, of a peer whose streams break while others are open', async () => {
        const strict = await server({ brokenStreamsPerSecond: 1 })
        const peer = await client()
        const dialled = await peer.dial(multiaddr(addressOf(strict, transport)))
        const { muxer } = await remoteEnd(strict, peer) as unknown as { muxer: { streams: unknown[], status: string } }
        const each = (flag: number): Uint8Array => Buffer.concat(Array.from({ length: 30 }, (_, i) => yamuxFrame(WINDOW_UPDATE, flag, 1001 + 2 * i, 0)))
        unmuxed(dialled).send(each(SYN))
        await until(() => muxer.streams.length >= 30)
        unmuxed(dialled).send(each(RST))
        await until(() => muxer.status === 'closed')
      })

      it('opens streams no faster than allowed, and ends the connection of a peer whose streams break', async () => {
        const begin = performance.now()
        let id = 10_001
        const flood = (count: number): Uint8Array => Buffer.concat(Array.from({ length: count }, () => {
          id += 2

          return Buffer.concat([yamuxFrame(WINDOW_UPDATE, SYN, id, 0), yamuxFrame(WINDOW_UPDATE, RST, id, 0)])
        }))
        unmuxed(near).send(flood(3000))
        await echoed()
        // 2,000 at once, and 2,000 a second
        expect(performance.now() - begin).to.be.above(400)
        unmuxed(near).send(flood(10_000))
        await ended(far)
      })

      it('ends a stream whose peer proposes protocols without end', async () => {
        const proposals = repeated(1000, Buffer.from('\x03na\n', 'latin1'))
        unmuxed(near).send(yamuxFrame(DATA, SYN, 1001, proposals.byteLength, proposals))
        await echoed()
        await until(() => !far.streams.some(({ id }) => id === '1001'))
      })
    })
  }

  it('delivers all data that was sent right before the end of a connection, however much it is', async () => {
    const host = await server()
    const peer = await client()
    const near = await peer.dial(multiaddr(addressOf(host, 'tcp')))
    const far = await remoteEnd(host, peer)
    let received = 0
    await host.handle('/sink', stream => {
      stream.addEventListener('message', ({ data }) => { received += data.byteLength })
    })
    const stream = await near.newStream('/sink')
    stream.send(new Uint8Array(10))
    await until(() => received === 10)
    unmuxed(near).send(repeated(10_000, yamuxFrame(DATA, 0, Number(stream.id), 1, new Uint8Array(1))))
    await near.close()
    await until(() => far.status !== 'open')

    expect(received).to.equal(10_010)
  })

  it('handles the frames before a bad frame right before the end of a connection, but not the bad one', async () => {
    const host = await server()

    for (const bad of [Buffer.alloc(100, 255), yamuxFrame(DATA, SYN, 1001, 0xffffffff)]) {
      const peer = await client()
      const near = await peer.dial(multiaddr(addressOf(host, 'tcp')))
      const far = await remoteEnd(host, peer)
      unmuxed(near).send(Buffer.concat([repeated(3_000, yamuxFrame(WINDOW_UPDATE, 0, 1001, 1)), bad]))
      const { maConn } = near as unknown as { maConn: { close (): Promise<void> } }
      await maConn.close()
      await until(() => far.status !== 'open')
    }
  })

  it('lets a connection close in any way while its frames wait', async () => {
    const host = await server()
    const flood = repeated(20_000, yamuxFrame(WINDOW_UPDATE, 0, 1001, 1))

    for (const end of [
      async (near: Connection) => { near.abort(new Error('test')) },
      async (near: Connection) => near.close(),
      async (_near: Connection, far: Connection) => { far.abort(new Error('test')) },
      async (_near: Connection, far: Connection) => far.close(),
      async (_near: Connection, far: Connection) => {
        // the socket closes first, and the connection that decrypts does not know yet
        const { maConn } = far as unknown as { maConn: { socket: { destroy (): void } } }
        maConn.socket.destroy()
      }
    ]) {
      const peer = await client()
      const near = await peer.dial(multiaddr(addressOf(host, 'tcp')))
      const far = await remoteEnd(host, peer)
      const { muxer: { maConn } } = far as unknown as { muxer: { maConn: { pause (): void } } }
      const paused = new Promise<void>(resolve => {
        const pause = maConn.pause.bind(maConn)

        // it is soon resumed
        maConn.pause = () => {
          pause()
          resolve()
        }
      })
      unmuxed(near).send(flood)
      await paused
      await end(near, far)
      await until(() => far.status !== 'open' && near.status !== 'open')
    }
  })
})
