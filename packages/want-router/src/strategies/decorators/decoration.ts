import { InvalidOptionError } from '../../errors.ts'
import type { StrategyFactory } from '../strategy.ts'

/** What a decorator is, to those that may be put around it. */
export interface Decoration {
  readonly name: DecoratorName
  /** What tells apart two of the same name that may stand in each other: the label of `tiers`. */
  readonly by?: string
}

export type DecoratorName = 'tiers' | 'bounded-load' | 'presence' | 'sticky'

/**
 * The order of decorators that works, outermost first. Any of them may be left
 * out; what stands between two does not matter.
 */
export const ORDER: readonly DecoratorName[] = ['tiers', 'bounded-load', 'presence', 'sticky']

/**
 * What goes wrong when the first stands anywhere around the second; a pair that
 * is not here works. Of two decorators one order works, so that there is one
 * order of all: {@link ORDER}. Why the other order of each pair does:
 *
 * - tiers(bounded-load): each tier is filled evenly; what is above the bound stays in its tier.
 * - tiers(presence): a share of misses counts against members of the same tier only: a cache that
 * lacks what its origin has is no poor cache.
 * - tiers(sticky): a peer has a home in each tier.
 * - tiers(tiers), by different labels: the outer label first, then the inner one.
 * - bounded-load(presence): last resorts are no capacity, so the average is that of the others.
 * - bounded-load(sticky): a peer leaves its home only while that is above the bound.
 * - presence(sticky): a peer leaves its home while that is poor, and probes reach it, too.
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
    tiers: 'a cache that lacks most of what its origin has would come after it',
    'bounded-load': 'the bound would be that of an average which empty members lower'
  },
  sticky: {
    sticky: 'the outer home alone counts',
    tiers: 'a peer that once overflowed would stay in a later tier',
    'bounded-load': 'a home above the bound would still come first',
    presence: 'an empty home would still come first'
  }
}

const decorated = new WeakMap<StrategyFactory, readonly Decoration[]>()

/**
 * Declares what a decorator is made of, having made sure that its order works.
 *
 * @param decoration - the decorator
 * @param inner - what it was put around
 * @param factory - what comes of it
 * @returns `factory`
 * @throws {InvalidOptionError} that names the order that works
 */
export function composed (decoration: Decoration, inner: StrategyFactory, factory: StrategyFactory): StrategyFactory {
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
