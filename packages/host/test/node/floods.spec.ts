import { connect } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { repeated } from '../../src/testing/index.ts'
import { addressOf, createTestHosts, openSocket, portOf, remoteEnd } from '../support/hosts.ts'
import { until } from '../support/until.ts'
import type { Socket } from 'node:net'

const PING = '/ipfs/ping/1.0.0'
const PROPOSAL = Buffer.from('\x03na\n', 'latin1')
const WEBSOCKET = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

describe('a host that is flooded', function () {
  this.timeout(60_000)

  const { server, client } = createTestHosts()
  const sockets: Socket[] = []

  afterEach(() => {
    sockets.splice(0).forEach(socket => { socket.destroy() })
  })

  async function open (port: number): ReturnType<typeof openSocket> {
    const socket = await openSocket(port)
    sockets.push(socket)

    return socket
  }

  /** A socket from another address of this machine. */
  async function stranger (port: number): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
    sockets.push(socket)
    socket.on('error', () => {})
    socket.resume()
    await new Promise(resolve => socket.once('connect', resolve))

    return socket
  }

  /** Wraps data in a WebSocket message if the transport is WebSockets. */
  function frames (transport: 'tcp' | 'ws', data: Buffer): Buffer {
    return transport === 'tcp' ? data : Buffer.concat([Buffer.from([0x82, 0xfe, data.length >> 8, data.length & 255, 0, 0, 0, 0]), data])
  }

  for (const transport of ['tcp', 'ws'] as const) {
    it(`closes a socket that proposes protocols without end, over ${transport}`, async () => {
      const host = await server()
      const socket = await open(portOf(addressOf(host, transport)))
      let answered = 0
      socket.on('data', data => { answered += data.byteLength })

      if (transport === 'ws') {
        socket.write(WEBSOCKET)
        await until(() => answered > 0)
        answered = 0
      }

      socket.write(frames(transport, Buffer.from('\x13/multistream/1.0.0\n', 'latin1')))
      socket.write(frames(transport, Buffer.from(repeated(10_000, PROPOSAL))))
      await socket.closedAfter

      // proposals have 4 bytes each, and some more for framing
      expect(answered).to.be.below(32 * 8 + 40)
    })

    it(`closes a socket that sends much before its handshake, over ${transport}`, async () => {
      const host = await server()
      const socket = await open(portOf(addressOf(host, transport)))
      let answered = 0
      socket.on('data', data => { answered += data.byteLength })

      if (transport === 'ws') {
        socket.write(WEBSOCKET)
        await until(() => answered > 0)
      }

      // a handshake message that is not complete
      socket.write(frames(transport, Buffer.from('\x13/multistream/1.0.0\n\x07/noise\n', 'latin1')))
      await until(() => answered > 20)

      for (let i = 0; i < 10 && !socket.destroyed; i++) {
        socket.write(frames(transport, Buffer.alloc(65_000, 255)))
      }

      expect(await socket.closedAfter).to.be.below(5000)
    })

    it(`admits newcomers while one address keeps all pending places, over ${transport}`, async () => {
      const host = await server({ pending: 20 })
      const port = portOf(addressOf(host, transport))
      const silent: Socket[] = []

      for (let i = 0; i < 60; i++) {
        silent.push(await stranger(port))
      }

      await until(() => silent.filter(({ destroyed }) => destroyed).length >= 40)
      // the oldest ones were closed
      expect(silent.slice(-20).filter(({ destroyed }) => destroyed)).to.be.empty()

      const newcomers = await Promise.all(Array.from({ length: 10 }, client))
      await Promise.all(newcomers.map(async newcomer => newcomer.dial(multiaddr(addressOf(host, transport)))))
      await until(() => host.getPeers().length === 10)
    })
  }

  it('answers as many pings as allowed, and resets a stream that brings more', async () => {
    const host = await server()
    const peer = await client()
    const connection = await peer.dial(multiaddr(addressOf(host, 'tcp')))
    await remoteEnd(host, peer)
    const stream = await connection.newStream(PING)
    let received = 0
    stream.addEventListener('message', ({ data }) => { received += data.byteLength })

    stream.send(new Uint8Array(32 * 10))
    await until(() => received === 32 * 10)
    stream.send(new Uint8Array(100_000))
    await until(() => stream.status !== 'open')
    expect(received).to.be.at.most(32 * 64)
  })

  it('answers pings that arrive byte by byte, and resets a stream whose pings it would have to keep', async () => {
    const host = await server()
    const peer = await client()
    const connection = await peer.dial(multiaddr(addressOf(host, 'ws')))
    const stream = await connection.newStream(PING)
    let received = 0
    stream.addEventListener('message', ({ data }) => { received += data.byteLength })

    for (let i = 0; i < 32; i++) {
      expect(received).to.equal(0)
      stream.send(new Uint8Array(1))
      await new Promise(resolve => setImmediate(resolve))
    }

    await until(() => received === 32)
    await stream.close()
  })
})
