import { closestMatch } from 'leven'
import { InvalidOptionError } from '../../errors.ts'
import { parseDuration } from './duration.ts'
import { parseExpression } from './expression.ts'
import { STRATEGIES } from './names.ts'
import type { StrategyFactory } from '../strategy.ts'
import type { Expression } from './expression.ts'
import type { StrategySyntax, WrittenOptions } from './names.ts'

// no configuration nests strategies deeper than this allows
const MAX_LENGTH = 256

/** Strategies by the names under which they can be written. */
export type KnownStrategies = Readonly<Record<string, StrategySyntax>>

/**
 * Parses a strategy as written in flags and files: a name, followed in parentheses by
 * the strategies that it wraps and by its options. Options stand in their order or by
 * name: `rendezvous`, `bounded-load(rendezvous)`,
 * `tiers(bounded-load(rendezvous, 1.5), label=zone)`, `peak-ewma(decay=30s)`.
 *
 * @param text - the expression
 * @param known - the strategies that may be named; pass `{ ...STRATEGIES, mine: … }` to add one
 * @throws {InvalidOptionError} for a name that does not exist, with the list of those
 * that do, and for an option whose value is invalid
 */
export function parseStrategy (text: string, known: KnownStrategies = STRATEGIES): StrategyFactory {
  const shown = text.slice(0, MAX_LENGTH)

  try {
    if (text.length > MAX_LENGTH) {
      throw new Refusal(`there are more than ${MAX_LENGTH} characters`)
    }

    const expression = parseExpression(text)

    if (expression == null) {
      throw new Refusal('the parentheses do not match')
    }

    return build(expression, known)
  } catch (err) {
    if (!(err instanceof Refusal)) {
      throw err
    }

    const advice = err.close != null
      ? `did you mean ${err.close}?`
      : `write one of ${Object.entries(known).map(([name, syntax]) => usage(name, syntax)).join(', ')}`
    throw new InvalidOptionError(`strategy: ${err.message} in "${shown}"; ${advice}`)
  }
}

/** What is wrong with an expression, and the name that was probably meant. */
class Refusal extends Error {
  readonly close: string | undefined

  constructor (message: string, close?: string) {
    super(message)
    this.close = close
  }
}

function build ({ label, name, args }: Expression, known: KnownStrategies): StrategyFactory {
  if (label != null || !Object.hasOwn(known, name)) {
    throw new Refusal(name === '' ? 'a name is missing' : `there is no "${label == null ? name : `${label}=${name}`}"`, closest(name, Object.keys(known)))
  }

  const syntax = known[name]
  const { wraps = 0, options = {} } = syntax

  if (args.length < wraps || args.length > wraps + Object.keys(options).length) {
    throw new Refusal(`${name} is written ${usage(name, syntax)}, which does not match`)
  }

  const inner = args.slice(0, wraps).map(arg => build(arg, known))

  return syntax.make(inner, writtenOptions(name, syntax, args.slice(wraps)))
}

function writtenOptions (name: string, syntax: StrategySyntax, args: readonly Expression[]): WrittenOptions {
  const values = optionValues(name, syntax, args)

  const read = <T> (option: string, as: (text: string) => T): T | undefined => {
    const value = values.get(option)

    return value == null ? undefined : as(value)
  }

  return {
    text: option => values.get(option),
    number: option => read(option, Number),
    ms: option => read(option, parseDuration)
  }
}

function optionValues (name: string, syntax: StrategySyntax, args: readonly Expression[]): Map<string, string> {
  const names = Object.keys(syntax.options ?? {})
  const values = new Map<string, string>()

  for (const [i, arg] of args.entries()) {
    if (arg.name === '' || arg.args.length > 0) {
      throw new Refusal(`an option of ${name} is a plain value, as in ${usage(name, syntax)}, which does not match`)
    }

    const option = arg.label ?? names[i]

    if (!names.includes(option)) {
      throw new Refusal(`${name} has no option "${option}", only ${names.join(', ')}`, closest(option, names))
    }

    if (values.has(option)) {
      throw new Refusal(`${option} of ${name} is given twice`)
    }

    values.set(option, arg.name)
  }

  return values
}

/** The name that was probably meant: one letter in three may be wrong, so that short names match nothing else. */
function closest (text: string, known: readonly string[]): string | undefined {
  return text === '' ? undefined : closestMatch(text.toLowerCase(), known, { maxDistance: Math.floor(text.length / 3) })
}

/** E.g. `bounded-load(strategy, c=1.25)`. */
function usage (name: string, { wraps = 0, options = {} }: StrategySyntax): string {
  const args = [
    ...Array.from({ length: wraps }, () => 'strategy'),
    ...Object.entries(options).map(([option, value]) => `${option}=${value}`)
  ]

  return args.length === 0 ? name : `${name}(${args.join(', ')})`
}
