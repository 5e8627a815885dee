import { BITSWAP_FLOODS } from './bitswap-floods.ts'
import { CONNECTION_FLOODS } from './connection-floods.ts'
import { MUXER_FLOODS } from './muxer-floods.ts'
import type { FloodKind, Transport } from './flood.ts'

/** All floods, by the name under which they are asked for. */
export const FLOODS: readonly FloodKind[] = [...MUXER_FLOODS, ...CONNECTION_FLOODS, ...BITSWAP_FLOODS]

/** Over which transports a flood is tried: all of them, or those over which it must be. */
export function transportsOf ({ both = false }: FloodKind, all = false): readonly Transport[] {
  return both || all ? ['tcp', 'ws'] : ['tcp']
}
