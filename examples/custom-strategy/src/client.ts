import { BITSWAP_PROTOCOLS, decodeMessage, encodeFrame, frameDecoder } from '@kitsune/bitswap-codec'
import { identify } from '@libp2p/identify'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { Uint8ArrayList } from 'uint8arraylist'
import { createHost } from './hosts.ts'
import type { Multiaddr } from '@multiformats/multiaddr'

/** A minimal bitswap client, for raw blocks only. */
export interface Client {
  /** Resolves when all blocks have arrived. */
  fetch (cids: readonly CID[]): Promise<void>
  stop (): Promise<void>
}

/** Starts a client of the bitswap peer at an address. */
export async function startClient (address: Multiaddr): Promise<Client> {
  const host = await createHost({ identify: identify() })
  const got = new Set<string>()
  let arrived = (): void => {}

  async function receive (frame: Uint8Array): Promise<void> {
    for (const { data } of decodeMessage(frame).blocks) {
      got.add(CID.createV1(raw.code, await sha256.digest(data)).toString())
    }
    arrived()
  }

  // answers arrive on streams that the peer opens
  await host.handle([...BITSWAP_PROTOCOLS], stream => {
    const decoder = frameDecoder()
    stream.addEventListener('message', ({ data }) => {
      for (const frame of decoder.push(data)) {
        receive(frame).catch(err => { stream.abort(err) })
      }
    })

    const closeOurs = (): void => { stream.close().catch(() => {}) }
    stream.addEventListener('remoteCloseWrite', closeOurs)

    // its end may have arrived together with its data
    if (stream.remoteWriteStatus === 'closed') {
      closeOurs()
    }
  })

  return {
    async fetch (cids) {
      const { promise, resolve } = Promise.withResolvers<void>()
      arrived = () => {
        if (cids.every(cid => got.has(cid.toString()))) {
          resolve()
        }
      }
      const wants = cids.map(cid => ({ cid: cid.bytes, priority: 1, cancel: false, wantType: 'block', sendDontHave: false } as const))
      const stream = await host.dialProtocol(address, [...BITSWAP_PROTOCOLS])
      stream.send(new Uint8ArrayList(...encodeFrame({ wants }, '/ipfs/bitswap/1.2.0')))
      await promise
      await stream.close()
    },
    async stop () { await host.stop() }
  }
}
