import { checkNumbers } from './check-options.ts'
import { DEFAULT_LIMITS, LIMIT_RULES } from './defaults.ts'
import type { Limits } from './defaults.ts'

/**
 * Checks limits, and returns those that were given: one that is `undefined` counts as left out.
 *
 * @param at - what stands before their names in the message
 * @throws {InvalidOptionError} if they are not an object, or a limit does not exist or is invalid
 */
export function checkLimits (at: string, given: Partial<Limits> | undefined): Partial<Limits> {
  return checkNumbers(at, given, DEFAULT_LIMITS, LIMIT_RULES)
}
