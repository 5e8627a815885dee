import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { unixfs } from '@helia/unixfs'
import { createDag, seededBytes, startKubo } from '@kitsune/interop'
import { preload } from '@kitsune/preload/client'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight } from 'helia'
import { RunError } from '../errors.ts'
import type { PreloadScenario } from './scenarios.ts'
import type { Balancer, Kubo } from '@kitsune/interop'
import type { PreloadingNode } from '@kitsune/preload/client'

/**
 * A client that holds the file of a scenario. It dials both nodes and balancers by WebSockets, whose frames the side
 * that dials has to mask: so a pin and a preload differ in the balancer, not in the transport.
 */
export interface PreloadClient {
  /** A node pins the file directly from the client. */
  pin (node: Kubo): Promise<void>
  /** The client stores the file at the node behind a balancer. Throws RunError if some of it was not stored. */
  preload (balancer: Balancer): Promise<void>
  stop (): Promise<unknown>
}

/** How long a pin may take. */
const PIN_TIMEOUT = 600_000
const SEED = 'preload'

/** Starts the client of a scenario; `binary` is kubo. */
export async function startPreloadClient (binary: string, { client, bytes }: PreloadScenario): Promise<PreloadClient> {
  return client === 'helia' ? startHelia(bytes) : startKuboClient(binary, bytes)
}

async function startHelia (bytes: number): Promise<PreloadClient> {
  const helia = withBitswap(withLibp2pLight(createHeliaLight(), {
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() }
  }))
  await helia.start()
  const cid = await unixfs(helia).addByteStream(seededBytes(bytes, SEED))

  return {
    async pin (node) {
      await helia.libp2p.dial(multiaddr(node.ws))
      await node.pin(`${cid}`, { signal: AbortSignal.timeout(PIN_TIMEOUT) })
    },
    async preload (balancer) {
      const { safe, total } = await preload(helia as never as PreloadingNode, cid, { nodes: [{ url: balancer.preload, address: multiaddr(balancer.ws) }] })

      if (safe !== total) {
        throw new RunError(`${safe} of ${total} blocks of Helia's are safe`)
      }
    },
    stop: async () => helia.stop()
  }
}

async function startKuboClient (binary: string, bytes: number): Promise<PreloadClient> {
  const dag = await createDag(binary, { size: bytes, blockSize: 256 << 10, seed: SEED })
  const client = await startKubo(binary, { dag })

  return {
    async pin (node) {
      await client.connect(node.ws)
      await node.pin(dag.root, { signal: AbortSignal.timeout(PIN_TIMEOUT) })
    },
    async preload (balancer) {
      await client.connect(balancer.ws)
      const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&u=true&arg=${dag.root}&peer=${client.peerId}`, { method: 'POST' })
      const body = await response.text()

      if (response.status !== 200) {
        throw new RunError(`a preload of kubo's was answered with ${response.status}: ${body}`)
      }
    },
    stop: async () => client.stop()
  }
}
