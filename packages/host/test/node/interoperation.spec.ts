import { createHash, randomBytes } from 'node:crypto'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createLibp2p } from 'libp2p'
import { createQuietLogger } from '../../src/quiet-logger.ts'
import { addressOf, layCable, portOf, remoteEnd, createTestHosts } from '../support/hosts.ts'
import type { Connection, Libp2p, Stream } from '@libp2p/interface'

const PROTOCOL = '/test/digest/1.0.0'
// frames of every kind: single bytes, one that fills a noise frame exactly, and larger ones
const SIZES = [1, 2, 100, 1183, 1200, 65_519, 65_520, 200_000, 1_000_000, 3]

describe('hosts and stock libp2p', function () {
  this.timeout(30_000)

  const { server, client } = createTestHosts()
  let stock: Libp2p

  beforeEach(async () => {
    stock = await createLibp2p({
      logger: createQuietLogger(),
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'] },
      transports: [tcp(), webSockets()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()]
    })
  })

  afterEach(async () => {
    await stock.stop()
  })

  const understand = async (transport: 'tcp' | 'ws'): Promise<void> => {
    const ours = await server()
    const theirs = await stock.dial(multiaddr(addressOf(ours, transport)))
    await digests(theirs, ours)
    await digests(await remoteEnd(ours, stock), stock)

    const dialler = await client()
    const connection = await dialler.dial(multiaddr(addressOf(stock, transport)))
    await digests(connection, stock)
    await digests(await remoteEnd(stock, dialler), dialler)
  }

  for (const transport of ['tcp', 'ws'] as const) {
    it(`understand each other over ${transport}, for each dialler and each sender`, async () => {
      await understand(transport)
    })
  }

  it('end only the connection on which a bit was flipped', async () => {
    const ours = await server()
    const cable = await layCable(portOf(addressOf(ours, 'tcp')))

    try {
      const victim = await stock.dial(multiaddr(`/ip4/127.0.0.1/tcp/${cable.port}/p2p/${ours.peerId}`))
      const bystander = await client()
      const connection = await bystander.dial(multiaddr(addressOf(ours, 'tcp')))
      const end = await remoteEnd(ours, stock)
      const closed = Promise.all([victim, end].map(async connection => new Promise<void>((resolve) => {
        connection.addEventListener('close', () => { resolve() }, { once: true })
      })))

      cable.flip()
      // fails with the connection
      await digests(victim, ours).catch(() => {})
      await closed

      expect(end.status).to.not.equal('open')
      await digests(connection, ours)
    } finally {
      await cable.stop()
    }
  })
})

/** Sends data to a host over a connection; the host must answer with the hash of exactly this data. */
async function digests (connection: Connection, receiver: Libp2p): Promise<void> {
  await receiver.unhandle(PROTOCOL).catch(() => {})
  await receiver.handle(PROTOCOL, (stream) => {
    const hash = createHash('sha256')
    stream.addEventListener('message', ({ data }) => {
      for (const bytes of data instanceof Uint8Array ? [data] : data) {
        hash.update(bytes)
      }
    })
    stream.addEventListener('remoteCloseWrite', () => {
      stream.send(hash.digest())
      stream.close().catch(() => {})
    })
  })

  const stream = await connection.newStream(PROTOCOL)
  const answer = received(stream)
  const hash = createHash('sha256')

  for (const size of SIZES) {
    const bytes = randomBytes(size)
    hash.update(bytes)

    if (!stream.send(bytes)) {
      await new Promise<void>((resolve, reject) => {
        stream.addEventListener('drain', () => { resolve() }, { once: true })
        stream.addEventListener('close', ({ error }) => { reject(error ?? new Error('closed')) }, { once: true })
      })
    }
  }

  await stream.close()
  expect(Buffer.from(await answer).toString('hex')).to.equal(hash.digest('hex'))
}

async function received (stream: Stream): Promise<Uint8Array> {
  const parts: Uint8Array[] = []

  await new Promise<void>((resolve) => {
    stream.addEventListener('message', ({ data }) => { parts.push(data.subarray()) })
    stream.addEventListener('remoteCloseWrite', () => { resolve() })
    stream.addEventListener('close', () => { resolve() })
  })

  return Buffer.concat(parts)
}
