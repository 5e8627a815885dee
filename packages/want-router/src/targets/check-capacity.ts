import { checkNames, checkNumbers } from '../check-options.ts'
import { describe } from '../describe.ts'
import { InvalidOptionError } from '../errors.ts'
import type { Capacity } from './target.ts'

const SIZES: Readonly<Record<keyof Omit<Capacity, 'supportsDontHave'>, true>> = { wants: true, bytes: true, standing: true }

/**
 * Checks the capacity of a target in its options, and returns it without the values that are `undefined`.
 *
 * @param at - what stands before the names in the message: `source "a": `
 * @throws {InvalidOptionError} for anything that is not an object, an unknown name, or an invalid value
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
    throw new InvalidOptionError(`${at}capacity.supportsDontHave must be true or false, not ${describe(supportsDontHave)}`)
  }

  return { ...checked, supportsDontHave }
}
