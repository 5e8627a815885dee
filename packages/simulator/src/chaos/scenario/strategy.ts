import { DEFAULT_STRATEGY, defaultStrategy, InvalidOptionError, parseStrategy } from '@kitsune/want-router'
import type { Dice } from './dice.ts'
import type { StrategyFactory } from '@kitsune/want-router'

const ALGORITHMS = ['round-robin', 'random', 'least-loaded', 'peak-ewma', 'hot-cold', 'rendezvous', 'maglev(251)']

// options with which a run of a hundred wants reaches states that take thousands in production
const DECORATORS = {
  tiers: ['tiers(*)', 'tiers(*, label=zone)'],
  'bounded-load': ['bounded-load(*)', 'bounded-load(*, 1, 0)', 'bounded-load(*, 1.25, 1)'],
  presence: ['presence(*)', 'presence(*, 0.1, 2)', 'presence(*, 0.2, 8)'],
  sticky: ['sticky(*)', 'sticky(*, 2, 2s)']
}

/** An algorithm with any decorators around it, in any order that the router takes; often the default. */
export function drawStrategy (dice: Dice): string {
  const { chance, pick } = dice

  if (chance(0.2)) {
    return DEFAULT_STRATEGY
  }

  const decorators = pick([0, 1, 1, 2, 2, 3, 4])

  for (;;) {
    let strategy = pick(ALGORITHMS)

    for (let n = decorators; n > 0; n--) {
      strategy = pick(pick(Object.values(DECORATORS))).replace('*', strategy)
    }

    if (isLegal(strategy)) {
      return strategy
    }
  }
}

/** Whether the router accepts these decorators in this order. */
function isLegal (strategy: string): boolean {
  try {
    parseStrategy(strategy)

    return true
  } catch (err) {
    if (err instanceof InvalidOptionError) {
      return false
    }

    throw err
  }
}

/** The strategy with this name; for the default, what a router uses without a strategy option. */
export function strategyOf (strategy: string): StrategyFactory {
  return strategy === DEFAULT_STRATEGY ? defaultStrategy() : parseStrategy(strategy)
}
