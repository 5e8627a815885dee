import { rendezvous } from './algorithms/rendezvous.ts'
import { boundedLoad } from './decorators/bounded-load.ts'
import { presence } from './decorators/presence.ts'
import type { StrategyFactory } from './strategy.ts'

/** {@link defaultStrategy} as written in configurations. */
export const DEFAULT_STRATEGY = 'bounded-load(presence(rendezvous))'

/**
 * The strategy of a router that is given none, `boundedLoad(presence(rendezvous()))`:
 * a block is wanted where it was wanted before, so that caches stay warm; members that
 * often miss blocks which others hold are ranked last; and a hot block is spread before
 * its member has more than 1.25 times the average in flight and more than four wants.
 */
export function defaultStrategy (): StrategyFactory {
  return boundedLoad(presence(rendezvous()))
}
