import { connect, createServer } from 'node:net'
import { mplex } from '@libp2p/mplex'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { createHostComponents } from '../../src/network/components.ts'
import { createNetwork } from '../../src/network/network.ts'
import { numbers } from './messages.ts'
import type { Network, NetworkInit } from '../../src/network/network.ts'
import type { BitswapMessage, Outgoing } from '@kitsune/bitswap-codec'
import type { Libp2p, StreamMuxerFactory } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { AddressInfo, Socket } from 'node:net'

export type Muxer = 'yamux' | 'mplex'

/** The configuration of libp2p for a server: its defaults are for a browser. */
const muxers: Record<Muxer, () => () => StreamMuxerFactory> = {
  yamux: () => yamux({ streamOptions: { maxStreamWindowSize: 1024 * 1024 } }),
  mplex: () => mplex({ disconnectThreshold: Infinity })
}

export async function createHost (muxer: Muxer | (() => StreamMuxerFactory) = 'yamux'): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [typeof muxer === 'string' ? muxers[muxer]() : muxer],
    connectionManager: { inboundConnectionThreshold: Infinity, maxIncomingPendingConnections: 1_000, maxConnections: 2_000 }
  })
}

/** A real host with a network that records what it receives and sends what is queued. */
export interface Node {
  host: Libp2p
  net: Network
  id: string
  heard: number[]
  /** Messages that arrived while `onMessage` was pending. */
  gone: string[]
  onMessage (message: BitswapMessage): Promise<void> | undefined
  queue: Outgoing[]
  send (to: Node, ...messages: Outgoing[]): void
  dial (to: Node): Promise<void>
  stop (): Promise<void>
}

export async function createNode (muxer?: Parameters<typeof createHost>[0], init: Partial<NetworkInit> = {}): Promise<Node> {
  const host = await createHost(muxer)

  const node: Node = {
    host,
    id: host.peerId.toString(),
    heard: [],
    gone: [],
    queue: [],
    onMessage: () => undefined,
    net: createNetwork({
      exchange: {
        receive (peer, message) {
          node.heard.push(...numbers(message))

          return node.onMessage(message)
        },
        take: () => node.queue.shift(),
        gone (peer) { node.gone.push(peer) }
      },
      ...init
    }, createHostComponents(host)),
    send (to, ...messages) {
      node.queue.push(...messages)
      node.net.wake(to.id)
    },
    async dial (to) {
      await node.net.connect(to.host.peerId, to.host.getMultiaddrs(), AbortSignal.timeout(20_000))
    },
    async stop () {
      await node.net.stop()
      await host.stop()
    }
  }

  await node.net.start()

  return node
}

/** The address of a relay to dial instead of this address on loopback, so that everything takes `ms` longer each way. */
export async function longPath (to: Multiaddr, ms: number): Promise<{ address: Multiaddr, stop (): Promise<void> }> {
  const [, port] = /\/tcp\/(\d+)/.exec(to.toString()) ?? []
  const sockets: Socket[] = []
  const server = createServer({ noDelay: true }, near => {
    const far = connect({ host: '127.0.0.1', port: Number(port), noDelay: true })

    for (const [from, into] of [[near, far], [far, near]] as const) {
      sockets.push(from)
      from.on('data', data => { setTimeout(() => { into.write(data) }, ms) })
      from.on('error', () => { into.destroy() })
      from.on('close', () => { setTimeout(() => { into.destroy() }, ms) })
    }
  })

  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    address: multiaddr(to.toString().replace(`/tcp/${port}`, `/tcp/${(server.address() as AddressInfo).port}`)),
    async stop () {
      sockets.forEach(socket => { socket.destroy() })
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}

/** Waits for an effect of real sockets. */
export async function until (what: string, is: () => boolean, ms = 20_000): Promise<void> {
  const end = Date.now() + ms

  while (!is()) {
    if (Date.now() > end) {
      throw new Error(`Waited ${ms} ms in vain until ${what}`)
    }

    await new Promise(resolve => { setTimeout(resolve, 5) })
  }
}
