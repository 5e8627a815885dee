import { createConnection, createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { seededBlock } from '../src/blocks.ts'
import { FULL } from '../src/full.ts'
import { tcpPort } from '../src/relay.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import { delay, poll } from '../src/until.ts'
import { mostHeld } from './support/bounds.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { AddressInfo, Socket } from 'node:net'

const MiB = 1 << 20
/** All fragments together would take gigabytes. */
const BOUND = 64 * MiB

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

/** A message of 16,383 fragments of one byte each, without its end: 115 KB. */
const ENDLESS = Buffer.concat([
  Buffer.from('02810000000041', 'hex'),
  ...Array.from({ length: 16_382 }, () => Buffer.from('00810000000041', 'hex'))
])

/** Connections, each with a handshake. */
const CONNECTIONS = FULL ? 500 : 100

/** Pieces of a frame of 64 KiB, each in its own segment. */
const PIECES = 600
const FRAME = Buffer.from('82fe100000000000', 'hex')

/** Not the address of the honest client: new connections are counted by address. */
const STRANGER = '127.0.0.2'

describe('the balancer\'s memory, when WebSocket messages do not end', function () {
  this.timeout(120_000)

  let balancer: ProbedBalancer
  let block: TestBlock
  const sockets = new Set<Socket>()
  const peers = stack()

  beforeEach(async () => {
    block = await seededBlock(1_000, 'beside endless messages')
    const downstream = await peers.wire({ listen: ['tcp'], onMessage: serveBlocks([block]) })
    balancer = await peers.probed({ downstreams: downstream.addresses })
    // the permanent cost of the first client is not bounded here
    await honest()
    await delay(500)
  })

  afterEach(async () => {
    sockets.forEach(socket => { socket.destroy() })
    sockets.clear()
    await peers.stop()
  })

  const honest = async (): Promise<number> => {
    const client = await peers.wire()
    const start = performance.now()
    await client.connect(balancer.ws)
    await client.fetch(balancer.peerId, [block.cid])

    return performance.now() - start
  }

  const open = async (localAddress?: string): Promise<Socket> => {
    const socket = createConnection({ host: '127.0.0.1', port: tcpPort(balancer.ws), noDelay: true, ...(localAddress == null ? {} : { localAddress }) })
    sockets.add(socket)
    socket.on('error', () => {})
    socket.resume()
    await new Promise(resolve => { socket.once('connect', resolve) })

    return socket
  }

  /** Those that attack are all ended, and with that the next is served in its usual time. */
  const expectBounded = async (attackers: readonly Socket[], attack: () => Promise<unknown>): Promise<void> => {
    // one connection is accepted in a pass of the event loop, in the order in which they came: the honest client would stand
    // behind a thousand of them, each of which costs a WebSocket's handshake and a millisecond or two
    const ended = async (): Promise<void> => poll(() => attackers.every(({ destroyed }) => destroyed), 'all of them to be ended', { timeout: 20_000 })
    const most = await mostHeld(balancer, async () => {
      await attack()
      await Promise.all([ended(), delay(1_000)])
    })

    expect(await honest()).to.be.lessThan(1_000)
    expect(most / MiB).to.be.lessThan(BOUND / MiB)
  }

  const strangers = async (count: number): Promise<Socket[]> =>
    Promise.all(Array.from({ length: count }, async () => {
      const socket = await open(STRANGER)
      socket.write(UPGRADE)

      return socket
    }))

  it('holds less than 64 MiB more for 1,000 strangers that send one of 16,383 fragments, and an honest client is served within a second', async () => {
    const all = await strangers(1_000)
    await expectBounded(all, async () => { all.forEach(socket => { socket.write(ENDLESS) }) })
  })

  it('holds less than 64 MiB more for 100 strangers that send a frame byte by byte, and an honest client is served within a second', async () => {
    const all = await strangers(100)
    all.forEach(socket => { socket.write(FRAME) })
    await expectBounded(all, async () => {
      for (let i = 0; i < PIECES; i++) {
        all.forEach(socket => { socket.destroyed || socket.write('A') })
        await new Promise(resolve => setImmediate(resolve))
      }
    })
  })

  it(`holds less than 64 MiB more for ${CONNECTIONS} connections that do it, and an honest client is served within a second`, async () => {
    const ends: Socket[] = []
    // between a peer and the balancer, so that a test can insert bytes
    const between = createServer((near) => {
      const far = createConnection({ host: '127.0.0.1', port: tcpPort(balancer.ws), localAddress: STRANGER })
      ends.push(far)
      near.pipe(far)
      far.pipe(near)

      for (const [socket, other] of [[near, far], [far, near]] as const) {
        sockets.add(socket)
        socket.on('error', () => { other.destroy() })
      }
    })
    await new Promise<void>(resolve => { between.listen(0, '127.0.0.1', resolve) })
    peers.onStop(async () => new Promise(resolve => {
      sockets.forEach(socket => { socket.destroy() })
      between.close(resolve)
    }))

    const address = multiaddr(balancer.ws.replace(/\/tcp\/\d+/, `/tcp/${(between.address() as AddressInfo).port}`))
    const peer = await peers.wire()

    for (let i = 0; i < CONNECTIONS; i++) {
      await peer.host.dial(address, { force: true })
    }

    await delay(1_000)
    await expectBounded(ends, async () => { ends.forEach(socket => { socket.write(ENDLESS) }) })
  })
})
