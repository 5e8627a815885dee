import { createLibp2p } from 'libp2p'
import { trimPeerStore } from '../lean-peer-store.ts'
import { createHostOptions } from './host-options.ts'
import type { HostInit, HostServices } from './host-options.ts'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'

/** Options of the host that clients dial. */
export interface UpstreamHostInit<T extends Record<string, unknown>> extends HostInit {
  /** The public identity. */
  privateKey: PrivateKey
  /** Multiaddrs to listen on. */
  listen: readonly string[]
  /** Multiaddrs to announce to clients instead of the listening addresses; empty: the listening addresses. */
  announce: readonly string[]
  /** Services in addition to those of every host. */
  services: ServiceFactoryMap<T>
}

/** Creates the upstream host. It is not started. */
export async function createUpstreamHost <T extends Record<string, unknown>> (init: UpstreamHostInit<T>): Promise<Libp2p<HostServices & T>> {
  const options = createHostOptions(init)
  const host = await createLibp2p<HostServices & T>({
    ...options,
    privateKey: init.privateKey,
    addresses: { listen: [...init.listen], announce: [...init.announce] },
    services: { ...options.services, ...init.services } as ServiceFactoryMap<HostServices & T>
  })

  trimPeerStore(host)

  return host
}
