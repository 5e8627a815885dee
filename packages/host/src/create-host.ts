import { createLibp2p } from 'libp2p'
import { createHostOptions } from './host-options.ts'
import { trimPeerStore } from './lean-peer-store.ts'
import type { HostInit, HostServices, Platform } from './host-options.ts'
import type { Libp2p } from '@libp2p/interface'

/**
 * Creates a host on a platform. It is not started.
 *
 * @throws {InvalidOptionError} a limit does not exist or is out of range
 */
export async function createHost <S extends Record<string, unknown> = Record<never, unknown>> (platform: Platform, init: HostInit<S>): Promise<Libp2p<HostServices & S>> {
  const host: Libp2p<HostServices & S> = await createLibp2p<HostServices & S>(createHostOptions(platform, init, () => host.services))

  trimPeerStore(host)

  return host
}
