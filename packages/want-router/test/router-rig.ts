import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import { peerTarget, wantRouter } from '../src/index.ts'
import { createWireClient } from './wire-client.ts'
import type { TestBlock } from './engine/harness.ts'
import type { WireClient } from './wire-client.ts'
import type { SourceLike, TargetInit, WantRouter, WantRouterInit } from '../src/index.ts'
import type { Libp2p } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'

/** A host with a router. */
export type RouterNode = Libp2p<{ router: WantRouter }>

/** A host on loopback. Spread it: createLibp2p writes the key that it makes into its options. */
export const STACK: Pick<Libp2pOptions, 'addresses' | 'transports' | 'connectionEncrypters' | 'streamMuxers'> = {
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()]
}

/** Real hosts that are stopped together, those that came last first. */
export interface RouterRig {
  /** Stops something else with the others. */
  add <T extends { stop (): void | Promise<void> }> (one: T): T
  node (init: WantRouterInit, start?: boolean): Promise<RouterNode>
  /** A host without a router. */
  host (init?: Libp2pOptions): Promise<Libp2p>
  client (): Promise<WireClient>
  stop (): Promise<void>
}

export function createRouterRig (): RouterRig {
  const open: Array<{ stop (): void | Promise<void> }> = []

  const rig: RouterRig = {
    add (one) {
      open.push(one)

      return one
    },
    node: async (init, start = true) => rig.add(await createLibp2p({ ...STACK, start, services: { identify: identify(), router: wantRouter(init) } })),
    host: async init => rig.add(await createLibp2p({ ...STACK, services: { identify: identify() }, ...init })),
    client: async () => rig.add(await createWireClient()),
    async stop () {
      for (const one of open.splice(0).reverse()) {
        await one.stop()
      }
    }
  }

  return rig
}

/** A source that has only these blocks. */
export const holding = (...blocks: TestBlock[]): SourceLike => ({
  get: async cid => blocks.find(block => CID.decode(block.cid).equals(cid))?.bytes
})

/** A member that is another host. */
export const targetOf = (host: Pick<Libp2p, 'peerId' | 'getMultiaddrs'>, id = 'node'): TargetInit =>
  peerTarget({ id, locate: async () => ({ peer: host.peerId, addresses: host.getMultiaddrs() }) })
