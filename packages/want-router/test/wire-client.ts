import { BITSWAP_PROTOCOLS, decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { Uint8ArrayList } from 'uint8arraylist'
import type { BitswapMessage, WantEntry } from '@kitsune/bitswap-codec'
import type { Libp2p, Stream } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A bitswap client of a few lines, on a libp2p host of its own. */
export interface WireClient {
  readonly host: Libp2p
  /** All that came, in order. */
  readonly received: BitswapMessage[]
  send (to: Multiaddr, wants: readonly WantEntry[]): Promise<void>
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

  await host.handle([...BITSWAP_PROTOCOLS], stream => {
    const frames = frameDecoder()
    stream.addEventListener('message', ({ data }) => {
      for (const frame of frames.push(data)) {
        const message = decodeMessage(frame)
        received.push(message)
        for (const listener of listeners) {
          listener(message)
        }
      }
    })

    const closeOurs = (): void => { stream.close().catch(() => {}) }
    stream.addEventListener('remoteCloseWrite', closeOurs)

    // it may have come with its end in one flight
    if (stream.remoteWriteStatus === 'closed') {
      closeOurs()
    }
  })

  let out: Stream | undefined
  const client: WireClient = {
    host,
    received,
    async send (to, wants) {
      if (out?.writeStatus !== 'writable') {
        out = await host.dialProtocol(to, [...BITSWAP_PROTOCOLS])
      }
      out.send(new Uint8ArrayList(...encodeFrame({ wants }, '/ipfs/bitswap/1.2.0')))
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
