import { closestMatch } from 'leven'
import { describe } from './describe.ts'
import { InvalidOptionError } from './errors.ts'

/** Which of some numbers need not be whole numbers above 0. */
export interface NumberRules<Name extends string> {
  /** Whole numbers that may be 0 as well. */
  readonly orZero?: readonly Name[]
  /** Shares: numbers from 0 to 1. */
  readonly shares?: readonly Name[]
  /** Whole numbers of a range: the least and the most that it may be. */
  readonly ranges?: { readonly [name in Name]?: readonly [least: number, most: number] }
}

/** The longest delay of a timer of the platform, ms: longer ones end at once. */
export const MAX_DELAY = 2 ** 31 - 1

/**
 * Checks numbers, and returns those that were given: one that is `undefined` counts as left out.
 *
 * @param at - the text before their names in the message: `limits.`
 * @param given - the numbers; undefined: none
 * @param known - the names of all numbers that there are
 * @throws {InvalidOptionError} if they are not an object, a name does not exist, or a number is invalid
 */
export function checkNumbers<Name extends string> (at: string, given: Partial<Record<Name, number>> | undefined, known: Readonly<Record<Name, unknown>>, { orZero = [], shares = [], ranges }: NumberRules<Name> = {}): Partial<Record<Name, number>> {
  checkNames(at, given, Object.keys(known))
  const numbers: Partial<Record<Name, number>> = {}

  for (const [name, value] of Object.entries(given ?? {}) as Array<[Name, unknown]>) {
    if (value === undefined) {
      continue
    }

    const range: readonly [number, number] | undefined = ranges?.[name]

    if (range != null) {
      const [least, most] = range
      check(isWhole(value, least) && Number(value) <= most, `${at}${name}`, `a whole number from ${least} to ${most}`, value)
    } else if (shares.includes(name)) {
      check(isShare(value), `${at}${name}`, 'a share, from 0 to 1', value)
    } else if (orZero.includes(name)) {
      check(isWhole(value, 0), `${at}${name}`, 'a whole number, 0 or more', value)
    } else {
      check(isWhole(value, 1), `${at}${name}`, 'a whole number above 0', value)
    }

    numbers[name] = value as number
  }

  return numbers
}

/**
 * @param at - what stands before the names in the message
 * @throws {InvalidOptionError} if it is not an object, or has a name that does not exist
 */
export function checkNames (at: string, given: object | undefined, known: readonly string[]): void {
  if (given === undefined) {
    return
  }

  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidOptionError(`${at.replace(/[.: ]+$/, '')} must be an object, not ${Array.isArray(given) ? 'a list' : describe(given)}`)
  }

  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      const meant = closest(name, known)
      throw new InvalidOptionError(`${at}${name} does not exist: ${meant == null ? `there are ${known.join(', ')}` : `did you mean ${meant}?`}`)
    }
  }
}

/**
 * @param name - of an option whose value is one of some words; `undefined` counts as left out
 * @throws {InvalidOptionError} it is none of them
 */
export function checkWord (name: string, given: unknown, words: Iterable<unknown>): void {
  const all = [...words]

  if (given !== undefined && !all.includes(given)) {
    throw new InvalidOptionError(`${name} must be one of ${all.map(word => `'${String(word)}'`).join(', ')}, not ${describe(given)}`)
  }
}

function isWhole (value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least
}

function isShare (value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1
}

function check (holds: boolean, name: string, expected: string, value: unknown): void {
  if (!holds) {
    throw new InvalidOptionError(`${name} must be ${expected}, not ${typeof value === 'number' ? value : describe(value)}`)
  }
}

/** The name that was probably meant: one letter in three may be wrong. */
function closest (text: string, known: readonly string[]): string | undefined {
  const match = text === '' ? undefined : closestMatch(text.toLowerCase(), known.map(name => name.toLowerCase()), { maxDistance: Math.floor(text.length / 3) })

  return known.find(name => name.toLowerCase() === match)
}
