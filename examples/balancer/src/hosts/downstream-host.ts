import { createLibp2p } from 'libp2p'
import { hostOptions } from './host-options.ts'
import { leanPeerStore } from './lean-peer-store.ts'
import type { HostInit, HostServices } from './host-options.ts'
import type { Libp2p } from '@libp2p/interface'

/**
 * Makes the host that dials the downstream nodes. It listens nowhere and has a
 * new identity in each process: with the public one, which replicas share, a
 * node would send what one replica asked for to another. It is not started.
 */
export async function createDownstreamHost (init: HostInit): Promise<Libp2p<HostServices>> {
  const host = await createLibp2p<HostServices>(hostOptions(init))

  leanPeerStore(host)

  return host
}
