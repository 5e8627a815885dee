import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { hardenedWebSockets } from '../../src/node/websockets.ts'
import { createQuietLogger } from '../../src/quiet-logger.ts'
import { addressOf, layCable, openSocket, portOf, createTestHosts, refuseToWarn } from '../support/hosts.ts'
import type { TrustedProxies } from '../../src/trusted-proxies.ts'
import type { Libp2p } from '@libp2p/interface'
import type { Socket } from 'node:net'

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

const MAX_SOCKETS = 20

/** Believes one proxy. */
const PROXIES: TrustedProxies = {
  includes: address => address === '127.0.0.1',
  clientAddress: (connection = '', forwardedFor) => connection === '127.0.0.1' ? String(forwardedFor ?? connection) : connection
}

const CLOSE_FRAME = 0x88
const POLICY_VIOLATION = 1008

describe('hardened WebSockets', function () {
  this.timeout(30_000)

  const { client } = createTestHosts()
  let host: Libp2p
  let port: number
  /** The remote addresses of sockets that became WebSockets. */
  const seen: string[] = []

  const start = async (upgradeTimeout: number, inboundUpgradeTimeout = 600): Promise<void> => {
    host = await createLibp2p({
      logger: createQuietLogger(),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0/ws'] },
      transports: [hardenedWebSockets({ maxSockets: MAX_SOCKETS, pending: MAX_SOCKETS, upgradeTimeout, unfinishedTimeout: 1000 }, refuseToWarn, PROXIES)],
      connectionGater: {
        denyInboundConnection: ({ remoteAddr }) => {
          seen.push(remoteAddr.toString())

          return false
        }
      },
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionManager: { inboundUpgradeTimeout, maxIncomingPendingConnections: 100, inboundConnectionThreshold: 100 }
    })
    port = portOf(addressOf(host, 'ws'))
  }

  beforeEach(async () => {
    await start(300)
  })

  afterEach(async () => {
    await host.stop()
  })

  const stalls: Record<string, string> = {
    'before the first byte': '',
    'in the request': 'GET / HTTP/1.1\r\nHost:',
    'after the upgrade': UPGRADE
  }

  const stall = async (text: string): Promise<number> => {
    const socket = await openSocket(port)
    socket.write(text)

    return socket.closedAfter
  }

  /** A socket that has become a WebSocket, at a host that closes it only because of what it sends. */
  const upgraded = async (): Promise<{ socket: Socket, closeCode: Promise<number> }> => {
    await host.stop()
    await start(60_000, 60_000)
    const socket = await openSocket(port)
    socket.write(UPGRADE)
    await new Promise(resolve => { socket.once('data', resolve) })

    return {
      socket,
      closeCode: new Promise<number>((resolve, reject) => {
        socket.on('data', (data: Buffer) => {
          if (data[0] === CLOSE_FRAME) {
            resolve(data.readUInt16BE(2))
          }
        })
        socket.once('close', () => { reject(new Error('closed without a close frame')) })
      })
    }
  }

  for (const [where, text] of Object.entries(stalls)) {
    it(`close a socket that stalls ${where}`, async () => {
      expect(await stall(text)).to.be.within(200, 3000)
    })
  }

  it('close a socket that drips its request byte by byte', async () => {
    const socket = await openSocket(port)
    socket.write('GET / HTTP/1.1\r\nX: ')
    const drip = setInterval(() => { socket.write('x') }, 50)

    expect(await socket.closedAfter).to.be.within(200, 3000)
    clearInterval(drip)
  })

  it('survive sockets that are reset at every stage', async () => {
    for (const text of [...Object.values(stalls), 'nonsense\r\n\r\n', '\u0016\u0003\u0001']) {
      const socket = await openSocket(port)
      socket.write(text, () => { socket.resetAndDestroy() })
      await socket.closedAfter
    }

    await expect((await client()).dial(multiaddr(addressOf(host, 'ws')))).to.eventually.be.ok()
  })

  it('survive malformed frames', async () => {
    // reserved bits, an unknown opcode, an unmasked frame, a length of 2^63
    for (const frame of ['f180', '8b80', '8201', '82ffffffffffffffffff']) {
      const socket = await openSocket(port)
      socket.write(UPGRADE)
      await new Promise(resolve => { socket.once('data', resolve) })
      socket.write(Buffer.from(`${frame}00000000`, 'hex'))
      await socket.closedAfter
    }

    await expect((await client()).dial(multiaddr(addressOf(host, 'ws')))).to.eventually.be.ok()
  })

  it('refuse a message of more than a megabyte', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    await new Promise(resolve => { socket.onopen = resolve })

    const closed = new Promise<CloseEvent>(resolve => { socket.onclose = resolve })
    socket.send(new Uint8Array((1 << 20) + 1))

    // "message too big"
    expect((await closed).code).to.equal(1009)
  })

  /** A frame of one byte, not the last of its message. */
  const BEGIN = Buffer.from('02810000000041', 'hex')
  const CONTINUE = Buffer.from('00810000000041', 'hex')

  it('refuse a message of more than 64 fragments', async () => {
    const { socket, closeCode } = await upgraded()
    socket.write(Buffer.concat([BEGIN, ...Array.from({ length: 64 }, () => CONTINUE)]))

    expect(await closeCode).to.equal(POLICY_VIOLATION)
  })

  it('refuse a frame that arrives in more than 512 pieces', async () => {
    const { socket, closeCode } = await upgraded()
    const state = { closed: false }
    closeCode.finally(() => { state.closed = true }).catch(() => {})
    socket.setNoDelay(true)
    socket.write(Buffer.from('82fe100000000000', 'hex'))

    // each in a separate tick, or else they arrive as one piece
    for (let pieces = 0; pieces < 4000 && !state.closed; pieces++) {
      socket.write('A')
      await new Promise(resolve => setImmediate(resolve))
    }

    expect(await closeCode).to.equal(POLICY_VIOLATION)
  })

  it('close a connection whose message does not end', async () => {
    const cable = await layCable(port)

    try {
      const peer = await client()
      const connection = await peer.dial(multiaddr(`/ip4/127.0.0.1/tcp/${cable.port}/ws/p2p/${host.peerId}`))
      const closed = new Promise(resolve => { connection.addEventListener('close', resolve) })
      await connection.newStream('/none').catch(() => {})
      // the client must have sent everything before, since other data in the middle of a message is an error
      await new Promise(resolve => setTimeout(resolve, 300))

      const begin = performance.now()
      cable.inject(BEGIN)
      await closed

      expect(performance.now() - begin).to.be.within(700, 3000)
    } finally {
      await cable.stop()
    }
  })

  /** The remote address that the host sees of a socket whose request has this header. */
  const from = async (header: string): Promise<string> => {
    seen.length = 0
    const socket = await openSocket(port)
    socket.write(UPGRADE.replace(/\r\n$/, `${header}\r\n`))
    await new Promise(resolve => { socket.once('data', resolve) })
    socket.destroy()
    expect(seen).to.have.lengthOf(1)

    return seen[0]
  }

  it('have the address of the client that a trusted proxy names', async () => {
    expect(await from('X-Forwarded-For: 203.0.113.7\r\n')).to.match(/^\/ip4\/203\.0\.113\.7\/tcp\/\d+\/ws$/)
    expect(await from('X-Forwarded-For: 2001:db8::7\r\n')).to.match(/^\/ip6\/2001:db8::7\/tcp\/\d+\/ws$/)
    expect(await from('')).to.match(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws$/)
  })

  it('bound the sockets of unknown peers', async () => {
    await host.stop()
    // only the bound may close a socket during this test
    await start(60_000)

    const refused = Promise.withResolvers<void>()
    const open = new Set<Socket>()

    for (const socket of await Promise.all(Array.from({ length: 3 * MAX_SOCKETS }, async () => openSocket(port)))) {
      open.add(socket)
      void socket.closedAfter.then(() => {
        open.delete(socket)

        if (open.size === MAX_SOCKETS) {
          refused.resolve()
        }
      })
    }

    await refused.promise

    const answers = await Promise.all([...open].map(async (socket) => {
      socket.write(UPGRADE)

      return new Promise<string>(resolve => { socket.once('data', data => { resolve(String(data)) }) })
    }))

    expect(answers).to.have.lengthOf(MAX_SOCKETS)
    expect(answers.every(answer => answer.startsWith('HTTP/1.1 101 '))).to.be.true()
    open.forEach(socket => { socket.destroy() })
  })

  it('keep a connection after its handshake', async () => {
    const peer = await client()
    const connection = await peer.dial(multiaddr(addressOf(host, 'ws')))

    // the same timeouts close a later socket, after they have passed for the connection
    await stall('')
    await stall(UPGRADE)

    expect(connection.status).to.equal('open')
    expect(host.getPeers()).to.have.lengthOf(1)
  })
})
