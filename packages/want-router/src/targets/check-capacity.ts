import { checkNames, checkNumbers } from '../check-options.ts'
import type { Capacity } from './target.ts'

const SIZES: Readonly<Record<keyof Omit<Capacity, 'supportsDontHave'>, true>> = { wants: true, bytes: true, standing: true }

/**
 * Checks what a target is said to take at once.
 *
 * @param at - what stands before the names in the message: `source "a": `
 * @throws {InvalidOptionError} for what is no object, a name that there is not, or a number that is invalid
 */
export function checkCapacity (at: string, capacity: Partial<Capacity> | undefined): void {
  checkNames(`${at}capacity.`, capacity, [...Object.keys(SIZES), 'supportsDontHave'])
  const { supportsDontHave, ...sizes } = capacity ?? {}
  checkNumbers(`${at}capacity.`, sizes, SIZES, { orZero: ['standing'] })
}
