import { rendezvous } from './algorithms/rendezvous.ts'
import { boundedLoad } from './decorators/bounded-load.ts'
import { presence } from './decorators/presence.ts'
import type { StrategyFactory } from './strategy.ts'

/** {@link defaultStrategy} as it is written in configurations. */
export const DEFAULT_STRATEGY = 'bounded-load(presence(rendezvous))'

/**
 * What a router uses where nothing is said, `boundedLoad(presence(rendezvous()))`:
 * a block is asked where it was asked before, so that caches stay warm; a member
 * that lacks what others have is asked last; and a hot block is spread before its
 * member has more than 1.25 times the average in flight, and more than four wants.
 */
export function defaultStrategy (): StrategyFactory {
  return boundedLoad(presence(rendezvous()))
}
