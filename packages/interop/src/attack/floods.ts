import { BITSWAP_FLOODS } from './bitswap-floods.ts'
import { CONNECTION_FLOODS } from './connection-floods.ts'
import { MUXER_FLOODS } from './muxer-floods.ts'
import type { FloodKind, Transport } from './flood.ts'

/** All floods, by name. */
export const FLOODS: readonly FloodKind[] = [...MUXER_FLOODS, ...CONNECTION_FLOODS, ...BITSWAP_FLOODS]

/** The transports over which a flood is tried: all of them, or those that matter for it. */
export function transportsOf ({ both = false }: FloodKind, all = false): readonly Transport[] {
  return both || all ? ['tcp', 'ws'] : ['tcp']
}
