import { InvalidOptionError } from '../../errors.ts'
import type { StrategyFactory } from '../strategy.ts'

/** What a decorator tells the decorators that may be put around it. */
export interface Decoration {
  readonly name: DecoratorName
  /** Distinguishes two decorators of one name that may be nested: the label of `tiers`. */
  readonly by?: string
}

/** The names of decorators whose order matters. */
export type DecoratorName = 'tiers' | 'bounded-load' | 'presence' | 'sticky'

/**
 * The order of decorators that works, outermost first. Any of them may be left out,
 * and other strategies may stand between two.
 */
export const ORDER: readonly DecoratorName[] = ['tiers', 'bounded-load', 'presence', 'sticky']

/**
 * What goes wrong when the first stands anywhere around the second; pairs that are not
 * listed work. Of two decorators exactly one order works, so that all have one order:
 * {@link ORDER}. Why the order that is left of each pair works:
 *
 * - tiers(bounded-load): each tier is filled evenly; wants above the bound stay in their tier.
 * - tiers(presence): misses count only against members of the same tier: a cache that misses
 * what its origin holds is not a poor cache.
 * - tiers(sticky): a client has a home in each tier.
 * - tiers(tiers), by different labels: the outer label first, then the inner one.
 * - bounded-load(presence): last resorts do not count as capacity, so the average is that of the others.
 * - bounded-load(sticky): a client leaves its home only while that is above the bound.
 * - presence(sticky): a client leaves its home while that is poor, and probes reach it, too.
 */
export const REFUSED: Readonly<Partial<Record<DecoratorName, Partial<Record<DecoratorName, string>>>>> = {
  tiers: {
    tiers: 'within a tier the same label divides nothing'
  },
  'bounded-load': {
    'bounded-load': 'the lower bound alone holds',
    tiers: 'it would overflow into the next tier'
  },
  presence: {
    presence: 'the inner one learns the same',
    tiers: 'a cache that misses most of what its origin holds would come after it',
    'bounded-load': 'empty members would lower the average that sets the bound'
  },
  sticky: {
    sticky: 'only the outer home counts',
    tiers: 'a client that overflowed once would stay in a later tier',
    'bounded-load': 'a home above the bound would still come first',
    presence: 'an empty home would still come first'
  }
}

const decorated = new WeakMap<StrategyFactory, readonly Decoration[]>()

/**
 * Checks that a decorator may be put around `inner`, and remembers what the result is
 * made of, for the next decorator.
 *
 * @param decoration - the decorator
 * @param inner - the strategy that it was put around
 * @param factory - the decorated strategy
 * @returns `factory`
 * @throws {InvalidOptionError} if it may not; the message names the order that works
 */
export function declareDecorator (decoration: Decoration, inner: StrategyFactory, factory: StrategyFactory): StrategyFactory {
  const within = decorated.get(inner) ?? []

  for (const other of within) {
    const why = REFUSED[decoration.name]?.[other.name]

    if (why != null && (decoration.name !== other.name || decoration.by === other.by)) {
      throw new InvalidOptionError(`${decoration.name} around ${other.name}: ${why}; ${advice([decoration, ...within])}`)
    }
  }

  decorated.set(factory, [decoration, ...within])

  return factory
}

/** The same decorators, each once, in the order that works. */
function advice (decorations: readonly Decoration[]): string {
  const names = ORDER.filter(name => decorations.some(decoration => decoration.name === name))

  return `write ${names.map(name => `${name}(`).join('')}…${')'.repeat(names.length)}`
}
