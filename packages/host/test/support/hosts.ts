import { createServer, connect } from 'node:net'
import { Transform } from 'node:stream'
import { multiaddr } from '@multiformats/multiaddr'
import { createHost } from '../../src/node/index.ts'
import { until } from './until.ts'
import type { HostLimits, HostServices } from '../../src/index.ts'
import type { Connection, Libp2p } from '@libp2p/interface'
import type { AddressInfo, Socket } from 'node:net'

const AGENT = { name: 'test', version: '0' }

/** Creates hosts for a suite and stops them after each test. */
export function createTestHosts (): { server (limits?: Partial<HostLimits>): Promise<Libp2p>, client (): Promise<Libp2p<HostServices>> } {
  const hosts: Libp2p[] = []

  afterEach(async () => {
    await Promise.all(hosts.splice(0).map(async host => host.stop()))
  })

  return {
    async server (limits = {}) {
      const host = await createHost({
        listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
        limits,
        agent: AGENT,
        warn: refuseToWarn
      })
      hosts.push(host)
      await host.start()

      return host
    },
    async client () {
      const host = await createHost({ agent: AGENT, warn: refuseToWarn })
      hosts.push(host)
      await host.start()

      return host
    }
  }
}

/** Throws: no internal field of libp2p is missing in the versions that the tests use. */
export function refuseToWarn (message: string): never {
  throw new Error(message)
}

/** The address of a host over one of its transports. */
export function addressOf (host: Libp2p, transport: 'tcp' | 'ws'): string {
  const address = host.getMultiaddrs().map(String).find(address => address.includes('/ws') === (transport === 'ws'))

  if (address == null) {
    throw new Error(`does not listen over ${transport}`)
  }

  return address
}

/** The server's end of a client's connection, which opens a moment after the client's end. */
export async function remoteEnd (server: Libp2p, client: Libp2p): Promise<Connection> {
  await until(() => server.getConnections(client.peerId).length > 0)

  return server.getConnections(client.peerId)[0]
}

/** The port in a multiaddr. */
export function portOf (address: string): number {
  return Number(multiaddr(address).getComponents().find(({ name }) => name === 'tcp')?.value)
}

/** A cable to a port, which can be cut without notice to either end. */
export interface Cable {
  readonly port: number
  cut (): void
  /** Flips one bit of the next piece of data to the target. */
  flip (): void
  /** Sends data to the target that the near end did not send. */
  inject (data: Uint8Array): void
  stop (): Promise<void>
}

/** Lays a cable. */
export async function layCable (target: number): Promise<Cable> {
  const sockets: Socket[] = []
  const fars: Socket[] = []
  let flips = 0
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    sockets.push(near, far)
    fars.push(far)
    near.pipe(new Transform({
      transform (chunk: Buffer, _encoding, done) {
        if (flips > 0) {
          flips--
          chunk[chunk.length - 1] ^= 1
        }

        done(null, chunk)
      }
    })).pipe(far)
    far.pipe(near)

    for (const [socket, other] of [[near, far], [far, near]]) {
      socket.on('error', () => {})
      socket.on('close', () => { other.destroy() })
    }
  })

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))

  return {
    port: (server.address() as AddressInfo).port,
    cut () {
      sockets.forEach((socket) => {
        socket.unpipe()
        socket.pause()
      })
    },
    flip () {
      flips++
    },
    inject (data) {
      fars.forEach(far => { far.write(data) })
    },
    async stop () {
      sockets.forEach(socket => { socket.destroy() })
      await new Promise(resolve => server.close(resolve))
    }
  }
}

/** Opens a TCP connection that sends nothing on its own. */
export async function openSocket (port: number): Promise<Socket & { closedAfter: Promise<number> }> {
  const begin = performance.now()
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()

  await new Promise(resolve => socket.once('connect', resolve))

  return Object.assign(socket, {
    closedAfter: new Promise<number>((resolve) => {
      socket.once('close', () => { resolve(performance.now() - begin) })
    })
  })
}
