import { createLibp2p } from 'libp2p'
import { hostOptions } from './host-options.ts'
import { leanPeerStore } from './lean-peer-store.ts'
import type { HostInit, HostServices } from './host-options.ts'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'

/** The host that clients dial. */
export interface UpstreamHostInit<T extends Record<string, unknown>> extends HostInit {
  /** The public identity. */
  privateKey: PrivateKey
  /** Multiaddrs to listen on. */
  listen: readonly string[]
  /** Multiaddrs told to clients in place of those; empty for those. */
  announce: readonly string[]
  /** What it runs beside those of every host. */
  services: ServiceFactoryMap<T>
}

/** Makes the host that faces upstream. It is not started. */
export async function createUpstreamHost <T extends Record<string, unknown>> (init: UpstreamHostInit<T>): Promise<Libp2p<HostServices & T>> {
  const options = hostOptions(init)
  const host = await createLibp2p<HostServices & T>({
    ...options,
    privateKey: init.privateKey,
    addresses: { listen: [...init.listen], announce: [...init.announce] },
    services: { ...options.services, ...init.services } as ServiceFactoryMap<HostServices & T>
  })

  leanPeerStore(host)

  return host
}
