import { BITSWAP_PROTOCOLS, encodeFrame } from '@kitsune/bitswap-codec'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { Uint8ArrayList } from 'uint8arraylist'
import { receiveMessages } from '../src/client/receive-messages.ts'
import type { BitswapMessage, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { Libp2p, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A client whose messages are written by a test, on its own libp2p host. */
export interface WireClient {
  readonly host: Libp2p
  /** All messages received, in order. */
  readonly received: BitswapMessage[]
  send (to: Multiaddr, wants: readonly WantEntry[]): Promise<void>
  /** Sends any message. */
  answer (to: Multiaddr, message: Outgoing): Promise<void>
  /** Resolves with the first message that satisfies. */
  until (satisfies: (message: BitswapMessage) => boolean): Promise<BitswapMessage>
  /** Wants a block and resolves with its bytes. */
  fetch (from: Multiaddr, cid: Uint8Array): Promise<Uint8Array>
  stop (): Promise<void>
}

export async function createWireClient (): Promise<WireClient> {
  const host = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() }
  })
  const received: BitswapMessage[] = []
  const listeners = new Set<(message: BitswapMessage) => void>()
  let out: Stream | undefined

  await receiveMessages(host, {
    onMessage (message) {
      received.push(message)

      for (const listener of listeners) {
        listener(message)
      }
    }
  })

  const client: WireClient = {
    host,
    received,
    async send (to, wants) { await client.answer(to, { wants }) },
    async answer (to, message) {
      if (out?.writeStatus !== 'writable') {
        out = await host.dialProtocol(to, [...BITSWAP_PROTOCOLS])
      }

      out.send(new Uint8ArrayList(...encodeFrame(message, '/ipfs/bitswap/1.2.0')))
    },
    async until (satisfies) {
      const already = received.find(satisfies)

      return already ?? new Promise(resolve => {
        const listener = (message: BitswapMessage): void => {
          if (satisfies(message)) {
            listeners.delete(listener)
            resolve(message)
          }
        }

        listeners.add(listener)
      })
    },
    async fetch (from, cid) {
      await client.send(from, [{ cid, priority: 1, cancel: false, wantType: 'block', sendDontHave: true }])
      const { blocks } = await client.until(({ blocks }) => blocks.length > 0)

      return blocks[0].data
    },
    async stop () { await host.stop() }
  }

  return client
}
