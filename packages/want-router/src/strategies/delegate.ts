import type { Strategy } from './strategy.ts'

/**
 * A strategy that does what another one does, except for the given overrides: the way to
 * wrap a strategy without dropping any of its methods, including those that strategies
 * get in a later version.
 *
 * An override replaces the method: to do something before or after, call the
 * inner one in it, as `inner.observe?.(outcome)`. One that is undefined replaces
 * nothing.
 *
 * @example
 *
 * ```ts
 * import { delegateTo, rendezvous } from '@kitsune/want-router'
 * import type { StrategyFactory } from '@kitsune/want-router'
 *
 * // members in reverse order, everything else unchanged
 * export const reversed: StrategyFactory = env => {
 *   const inner = rendezvous()(env)
 *
 *   return delegateTo(inner, {
 *     rank (want) { yield * [...inner.rank(want)].reverse() }
 *   })
 * }
 * ```
 *
 * @param inner - the strategy that is wrapped; it must be told of everything
 * @param overrides - what is different, as an object literal
 */
export function delegateTo (inner: Strategy, overrides: Partial<Strategy> = {}): Required<Strategy> {
  return {
    update: overrides.update ?? (members => { inner.update(members) }),
    rank: overrides.rank ?? (want => inner.rank(want)),
    observe: overrides.observe ?? (outcome => { inner.observe?.(outcome) }),
    avoids: overrides.avoids ?? ((member, want) => inner.avoids?.(member, want) === true)
  }
}
