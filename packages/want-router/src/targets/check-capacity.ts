import { checkNames, checkNumbers } from '../check-options.ts'
import { describe } from '../describe.ts'
import { InvalidOptionError } from '../errors.ts'
import type { Capacity } from './target.ts'

const SIZES: Readonly<Record<keyof Omit<Capacity, 'supportsDontHave'>, true>> = { wants: true, bytes: true, standing: true }

/**
 * Checks what a target is said to take at once, and returns what was given of it: what is `undefined` counts as left out.
 *
 * @param at - what stands before the names in the message: `source "a": `
 * @throws {InvalidOptionError} for what is no object, a name that there is not, or a value that is invalid
 */
export function checkCapacity (at: string, capacity: Partial<Capacity> | undefined): Partial<Capacity> | undefined {
  if (capacity === undefined) {
    return
  }

  checkNames(`${at}capacity.`, capacity, [...Object.keys(SIZES), 'supportsDontHave'])
  const { supportsDontHave, ...sizes } = capacity
  const checked = checkNumbers(`${at}capacity.`, sizes, SIZES, { orZero: ['standing'] })

  if (supportsDontHave === undefined) {
    return checked
  }

  if (typeof supportsDontHave !== 'boolean') {
    throw new InvalidOptionError(`${at}capacity.supportsDontHave is true or false, not ${describe(supportsDontHave)}`)
  }

  return { ...checked, supportsDontHave }
}
