import { createHost as createHostOn } from '../create-host.ts'
import { nodePlatform } from './platform.ts'
import type { HostInit, HostServices } from '../host-options.ts'
import type { Libp2p } from '@libp2p/interface'

/**
 * Creates a host with TCP and WebSockets. It is not started.
 *
 * @throws {InvalidOptionError} a limit does not exist or is out of range
 */
export async function createHost <S extends Record<string, unknown> = Record<never, unknown>> (init: HostInit<S>): Promise<Libp2p<HostServices & S>> {
  return createHostOn(nodePlatform, init)
}
