import { describe } from '../describe.ts'
import { InvalidOptionError } from '../errors.ts'

/**
 * Refuses what is no strategy, and says how one is made of it.
 *
 * @throws {InvalidOptionError}
 */
export function checkStrategy (strategy: unknown): void {
  if (strategy === undefined || typeof strategy === 'function') {
    return
  }

  throw new InvalidOptionError(`strategy is a function that makes one, such as roundRobin(), not ${faultOf(strategy)}`)
}

function faultOf (strategy: unknown): string {
  if (typeof strategy === 'string') {
    return `the string "${strategy}": write parseStrategy('${strategy}')`
  }

  return typeof strategy === 'object' && strategy != null && 'rank' in strategy
    ? 'the strategy itself: write () => strategy'
    : describe(strategy)
}
