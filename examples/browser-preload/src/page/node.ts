import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { preloadClient } from '@kitsune/preload/client'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { chunksOf } from './chunks.ts'
import type { PreloadAddress } from './preload-address.ts'
import type { Preloaded } from '@kitsune/preload/client'
import type { CID } from 'multiformats/cid'

/** An IPFS node in the page, which talks to the preload node and to no other node. */
export interface PageNode {
  /** Adds a file to the node. */
  add (file: Blob): Promise<CID>
  /**
   * Lets the preload node take a copy. `onProgress` is called with the number of blocks that are safe.
   *
   * @throws {PreloadError} the preload node did not get all blocks
   */
  leave (cid: CID, onProgress: (safe: number) => void): Promise<Preloaded>
  /** Reads a file that another page has left. */
  read (cid: CID): Promise<Blob>
}

/** Starts a Helia node in the page and connects it to the preload node at `address`. */
export async function startNode ({ url, address }: PreloadAddress): Promise<PageNode> {
  const helia = withBitswap(withLibp2pLight(createHeliaLight(), {
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    // in a browser libp2p refuses private addresses and those without TLS, such as the addresses of a balancer on this machine
    connectionGater: { denyDialMultiaddr: () => false }
  }))
  await helia.start()
  const files = unixfs(helia)
  const node = multiaddr(address)
  const preload = preloadClient({ nodes: [{ url, address: node }] })

  return {
    add: async file => files.addByteStream(chunksOf(file)),

    leave: async (cid, onProgress) => preload(helia, cid, { onProgress }),

    async read (cid) {
      await helia.libp2p.dial(node)
      const parts: Array<Uint8Array<ArrayBuffer>> = []

      for await (const part of files.cat(cid)) {
        parts.push(new Uint8Array(part))
      }

      return new Blob(parts)
    }
  }
}
