import { describe } from '../describe.ts'
import { InvalidOptionError } from '../errors.ts'

/**
 * Refuses anything that is not a strategy, and says how to make one of it.
 *
 * @throws {InvalidOptionError}
 */
export function checkStrategy (strategy: unknown): void {
  if (strategy === undefined || typeof strategy === 'function') {
    return
  }

  throw new InvalidOptionError(`strategy must be a function that makes one, such as roundRobin(), not ${faultOf(strategy)}`)
}

function faultOf (strategy: unknown): string {
  if (typeof strategy === 'string') {
    return `the string "${strategy}": write parseStrategy('${strategy}')`
  }

  return typeof strategy === 'object' && strategy != null && 'rank' in strategy
    ? 'the strategy itself: write () => strategy'
    : describe(strategy)
}
