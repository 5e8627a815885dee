import { createNetworkStats, NotConnectedError } from '@kitsune/want-router/parts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Exchange, Network } from '@kitsune/want-router/parts'
import type { FakeClock } from '@kitsune/want-router/testing'

const PROTOCOL: BitswapProtocol = '/ipfs/bitswap/1.2.0'
// size of a message, bytes: so small that the output of two exchanges often takes two messages
const MESSAGE_SIZE = 16_384

/** The other end of a connection. */
export interface PeerEnd {
  readonly id: string
  /** Whether it takes messages within the call that wakes it. Otherwise it does so at the end of the tick. */
  readonly atOnce: boolean
  hear (message: Outgoing): void
  /** Its connection has closed: the wants of both sides are gone. */
  forget (): void
}

/** A network without streams: peers are connected or not, and messages are whole. */
export interface FakeNetwork extends Network {
  readonly exchange: Exchange
  isConnected (peer: string): boolean
  /** A connection to the peer opens. */
  opened (peer: string): void
  /** Its last connection closes. */
  closed (peer: string): void
}

/** Makes a network without connected peers. */
export function createFakeNetwork (exchange: Exchange, clock: FakeClock, peers: ReadonlyMap<string, PeerEnd>): FakeNetwork {
  const connected = new Set<string>()

  function takeAll (peer: PeerEnd): void {
    for (let message = take(peer); message != null; message = take(peer)) {
      peer.hear(message)
    }
  }

  function take ({ id }: PeerEnd): Outgoing | undefined {
    return connected.has(id) ? exchange.take(id, MESSAGE_SIZE, PROTOCOL) : undefined
  }

  const network: FakeNetwork = {
    exchange,
    stats: createNetworkStats(),
    sizes: { peers: 0, watched: 0 },
    isConnected: peer => connected.has(peer),
    async start () {},
    async stop () {},
    flushed: async () => true,
    wake (id) {
      const peer = peers.get(id)

      if (peer == null || !connected.has(id)) {
        return
      }

      if (peer.atOnce) {
        takeAll(peer)
      } else {
        clock.endOfTick(() => { takeAll(peer) })
      }
    },
    async connect (peer) {
      network.opened(peer.toString())

      return PROTOCOL
    },
    async open (id) {
      if (!connected.has(id)) {
        throw new NotConnectedError()
      }

      return PROTOCOL
    },
    async disconnect (id) { network.closed(id) },
    opened (id) {
      if (!connected.has(id)) {
        connected.add(id)
        exchange.came?.(id)
      }
    },
    closed (id) {
      if (connected.delete(id)) {
        peers.get(id)?.forget()
        queueMicrotask(() => { exchange.gone(id) })
      }
    }
  }

  return network
}
