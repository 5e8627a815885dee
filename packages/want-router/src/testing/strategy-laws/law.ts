import { LawBrokenError } from '@kitsune/bitswap-codec/testing'
import { seededRandom } from '../../seeded-random.ts'
import { fakeMember } from '../fakes.ts'
import type { Member, StrategyFactory, Want } from '../../strategies/strategy.ts'
import type { FakeMember } from '../fakes.ts'

/** A random number from 0 to less than 1. */
export type Random = () => number

/** The subject of a law, and the parameters of its checks. */
export interface Subject {
  readonly factory: StrategyFactory
  /** Makes it around another strategy. */
  wrap? (inner: StrategyFactory): StrategyFactory
  readonly seed: number
  /** How many random cases each law tries. */
  readonly runs: number
  /** The share of keys that may move unnecessarily. */
  readonly collateral: number
  /** The number of wants within which a member that works again must come first once. */
  readonly recovery: number
  /** The most entries that one collection may hold. */
  readonly maxEntries: number
  labels (random: Random): Readonly<Record<string, string>>
}

/** A law of strategies: its title, and a check that throws {@link LawBrokenError} where the subject breaks it. */
export interface StrategyLawRule {
  readonly title: string
  check (subject: Subject): void
}

/** Makes the error that says how the subject broke a law. */
export function broken (why: string): LawBrokenError {
  return new LawBrokenError(why)
}

/**
 * Tries random cases, each from its own seed, so that one that fails can be repeated
 * alone.
 */
export function cases (subject: Subject, check: (random: Random, seed: number) => void, runs = subject.runs): void {
  for (let run = 0; run < runs; run++) {
    const seed = subject.seed + run

    try {
      check(seededRandom(seed), seed)
    } catch (err) {
      const why = err instanceof LawBrokenError ? err.message : `the strategy threw ${String(err)}`
      throw new LawBrokenError(`${why}. Repeat it with { seed: ${seed}, runs: 1 }`, { cause: err })
    }
  }
}

/** A whole number from 0, below `end`. */
export function below (random: Random, end: number): number {
  return Math.floor(random() * end)
}

/** Picks one of the items, of which there must be one. */
export function oneOf<T> (random: Random, items: readonly T[]): T {
  return items[below(random, items.length)]
}

/** The items in random order, in a new array. */
export function shuffled<T> (random: Random, items: readonly T[]): T[] {
  return items.map(item => ({ item, at: random() })).sort((a, b) => a.at - b.at).map(({ item }) => item)
}

// some of them are property names that every object has
const ODD_IDS = ['__proto__', 'constructor', '/ip4/10.0.0.2/tcp/5001', 'a b', 'ノード', '0']

/** Members of any weight, state and load, their ids distinct. */
export function someMembers (subject: Subject, random: Random, count: number): FakeMember[] {
  const ids = shuffled(random, [...ODD_IDS, ...Array.from({ length: count }, (_, i) => `member-${i}`)]).slice(0, count)

  return ids.map(id => fakeMember(id, {
    weight: oneOf(random, [1, 1, 1, 0.1, 2, 10, 0.05 + random() * 20]),
    labels: subject.labels(random),
    state: oneOf(random, ['up', 'up', 'up', 'ejected', 'draining']),
    load: { wants: below(random, 3) * below(random, 256), bytes: below(random, 2) * below(random, 1 << 24) },
    pendingBytes: below(random, 2) * below(random, 1 << 22)
  }))
}

/** Describes members for the message of a broken law, the first twelve of them. */
export function show (members: readonly Member[]): string {
  const shown = members.slice(0, 12).map(({ id, weight, state, load, labels }) => {
    const named = Object.entries(labels).map(([name, value]) => `, ${name}=${value}`).join('')

    return `"${id}" (weight ${round(weight)}, ${state}, ${load.wants} wants, ${load.bytes} bytes${named})`
  })

  return `members: ${shown.join(', ') || 'none'}${members.length > shown.length ? `, and ${members.length - shown.length} more` : ''}`
}

/** Describes a want for the message of a broken law. */
export function showWant ({ key, type, client, tries }: Want): string {
  return `want: ${type} "${key}" of "${client}", ${tries} failed tries`
}

/** Ids for the message of a broken law. */
export function showIds (ids: Iterable<string>): string {
  return Array.from(ids, id => `"${id}"`).join(', ') || 'no member'
}

/** A share from 0 to 1 in percent. */
export function percent (share: number): string {
  return `${(share * 100).toFixed(2)}%`
}

/** A count with commas between thousands. */
export function quantity (count: number): string {
  return count.toLocaleString('en-US')
}

function round (weight: number): number {
  return Math.round(weight * 100) / 100
}
