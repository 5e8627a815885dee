import { createLibp2p } from 'libp2p'
import { trimPeerStore } from '../lean-peer-store.ts'
import { createHostOptions } from './host-options.ts'
import type { HostInit, HostServices } from './host-options.ts'
import type { Libp2p } from '@libp2p/interface'

/**
 * Creates the host that dials the downstream nodes. It does not listen, and it has a
 * new identity in each process: replicas share the public identity, so with that one
 * a node could send one replica's blocks to another. The host is not started.
 */
export async function createDownstreamHost (init: HostInit): Promise<Libp2p<HostServices>> {
  const host = await createLibp2p<HostServices>(createHostOptions(init))

  trimPeerStore(host)

  return host
}
