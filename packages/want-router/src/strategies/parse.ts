import { InvalidOptionError } from '../errors.ts'
import { boundedLoad } from './decorators/bounded-load.ts'
import { presence } from './decorators/presence.ts'
import { tiers } from './decorators/tiers.ts'
import { leastLoaded } from './least-loaded.ts'
import { peakEwma } from './peak-ewma.ts'
import { rendezvous } from './rendezvous.ts'
import { roundRobin } from './round-robin.ts'
import type { StrategyFactory } from './strategy.ts'

/** How a strategy is written in a configuration, and made from what was written. */
export interface StrategySyntax {
  /** Shown when something else was written, e.g. `bounded-load(strategy, c = 1.25)`. */
  readonly usage: string
  /** How many strategies it wraps, which come first in the parentheses. Default 0. */
  readonly wraps?: number
  /** The most options that may follow, as they were written. Default 0. */
  readonly options?: number
  make (inner: readonly StrategyFactory[], options: readonly string[]): StrategyFactory
}

/** The strategies of this package by the names they have in configurations. */
export const STRATEGIES: Readonly<Record<string, StrategySyntax>> = {
  'round-robin': { usage: 'round-robin', make: () => roundRobin() },
  rendezvous: { usage: 'rendezvous', make: () => rendezvous() },
  'least-loaded': {
    usage: 'least-loaded(wantCost = 8192)',
    options: 1,
    make: (_, [wantCost]) => leastLoaded(wantCost == null ? {} : { wantCost: Number(wantCost) })
  },
  'peak-ewma': { usage: 'peak-ewma', make: () => peakEwma() },
  presence: { usage: 'presence(strategy)', wraps: 1, make: ([inner]) => presence(inner) },
  'bounded-load': {
    usage: 'bounded-load(strategy, c = 1.25)',
    wraps: 1,
    options: 1,
    make: ([inner], [c]) => c == null ? boundedLoad(inner) : boundedLoad(inner, Number(c))
  },
  tiers: {
    usage: 'tiers(strategy, label = tier)',
    wraps: 1,
    options: 1,
    make: ([inner], [label]) => tiers(inner, label == null ? {} : { label })
  }
}

/** A name with what stood in its parentheses. */
interface Expression {
  name: string
  args: Expression[]
}

// deeper nesting is nobody's configuration
const MAX_LENGTH = 256

/**
 * Reads a strategy as it is written in flags and files: `rendezvous`,
 * `bounded-load(rendezvous)`, `tiers(bounded-load(rendezvous, 1.5), zone)`.
 *
 * @param text - a name, or a name with strategies and options in parentheses
 * @param known - what can be written; pass `{ ...STRATEGIES, mine: … }` to add to it
 * @throws {InvalidOptionError} with the list of what exists
 */
export function parseStrategy (text: string, known: Readonly<Record<string, StrategySyntax>> = STRATEGIES): StrategyFactory {
  const refuse = (why: string): InvalidOptionError => {
    const usages = Object.values(known).map(({ usage }) => usage).join(', ')
    return new InvalidOptionError(`strategy: ${why} in "${text.slice(0, MAX_LENGTH)}"; write one of ${usages}`)
  }

  function build ({ name, args }: Expression): StrategyFactory {
    if (!Object.hasOwn(known, name)) {
      throw refuse(name === '' ? 'a name is missing' : `there is no "${name}"`)
    }

    const { wraps = 0, options = 0, usage, make } = known[name]

    if (args.length < wraps || args.length > wraps + options) {
      throw refuse(`${name} is written ${usage}, which is not what stands`)
    }

    const values = args.slice(wraps).map(arg => {
      if (arg.name === '' || arg.args.length > 0) {
        throw refuse(`an option of ${name} is a plain value, as in ${usage}, which is not what stands`)
      }
      return arg.name
    })

    return make(args.slice(0, wraps).map(build), values)
  }

  if (text.length > MAX_LENGTH) {
    throw refuse(`there are more than ${MAX_LENGTH} characters`)
  }

  const expression = parseExpression(text)

  if (expression == null) {
    throw refuse('the parentheses do not match')
  }

  return build(expression)
}

/** `name` or `name(expression, …)`; undefined if the parentheses do not match. */
function parseExpression (text: string): Expression | undefined {
  const match = /^\s*([^\s(),]*)\s*(?:\((.*)\))?\s*$/s.exec(text)

  if (match == null) {
    return undefined
  }

  const [, name, inside] = match
  const args: Expression[] = []

  for (const part of inside == null || inside.trim() === '' ? [] : splitArguments(inside)) {
    const arg = parseExpression(part)
    if (arg == null) {
      return undefined
    }
    args.push(arg)
  }

  return { name, args }
}

/** Splits at the commas that are in no parentheses. */
function splitArguments (text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0

  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') {
      depth++
    } else if (text[i] === ')') {
      depth--
    } else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }

  parts.push(text.slice(start))
  return parts
}
