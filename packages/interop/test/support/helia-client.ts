import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'
import type { Stack } from '../../src/stack.ts'

/** Reads a file with a new Helia that knows only the peer at a WebSocket address. */
export async function readByHelia (peers: Pick<Stack, 'onStop'>, address: string, root: string): Promise<Uint8Array> {
  const helia = withBitswap(withLibp2pLight(createHeliaLight(), {
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() }
  }))
  await helia.start()
  peers.onStop(async () => helia.stop())
  await helia.libp2p.dial(multiaddr(address))
  const chunks: Uint8Array[] = []

  for await (const chunk of unixfs(helia).cat(CID.parse(root), { signal: AbortSignal.timeout(60_000) })) {
    chunks.push(chunk)
  }

  return Buffer.concat(chunks)
}
