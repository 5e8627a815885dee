import { closestMatch } from 'leven'
import { InvalidOptionError } from '../../errors.ts'
import { toMs } from './duration.ts'
import { parseExpression } from './expression.ts'
import { STRATEGIES } from './names.ts'
import type { Expression } from './expression.ts'
import type { StrategySyntax, WrittenOptions } from './names.ts'
import type { StrategyFactory } from '../strategy.ts'

// deeper nesting is nobody's configuration
const MAX_LENGTH = 256

/**
 * Reads a strategy as it is written in flags and files: a name, followed in
 * parentheses by the strategies that it wraps and by its options. Options stand in
 * their order or by name: `rendezvous`, `bounded-load(rendezvous)`,
 * `tiers(bounded-load(rendezvous, 1.5), label=zone)`, `peak-ewma(decay=30s)`.
 *
 * @param text - what is written
 * @param known - what can be written; pass `{ ...STRATEGIES, mine: … }` to add to it
 * @throws {InvalidOptionError} with the list of what exists, or for an option whose
 * value cannot be meant
 */
export function parseStrategy (text: string, known: Readonly<Record<string, StrategySyntax>> = STRATEGIES): StrategyFactory {
  const refuse = (why: string, close?: string): InvalidOptionError => {
    if (close != null) {
      return new InvalidOptionError(`strategy: ${why} in "${text.slice(0, MAX_LENGTH)}"; did you mean ${close}?`)
    }

    const usages = Object.entries(known).map(([name, syntax]) => usage(name, syntax)).join(', ')
    return new InvalidOptionError(`strategy: ${why} in "${text.slice(0, MAX_LENGTH)}"; write one of ${usages}`)
  }

  function build ({ label, name, args }: Expression): StrategyFactory {
    if (label != null || !Object.hasOwn(known, name)) {
      throw refuse(name === '' ? 'a name is missing' : `there is no "${label == null ? name : `${label}=${name}`}"`, closest(name, Object.keys(known)))
    }

    const syntax = known[name]
    const { wraps = 0, options = {} } = syntax

    if (args.length < wraps || args.length > wraps + Object.keys(options).length) {
      throw refuse(`${name} is written ${usage(name, syntax)}, which is not what stands`)
    }

    const inner = args.slice(0, wraps).map(build)
    return syntax.make(inner, readOptions(name, syntax, args.slice(wraps)))
  }

  function readOptions (name: string, syntax: StrategySyntax, args: readonly Expression[]): WrittenOptions {
    const names = Object.keys(syntax.options ?? {})
    const values = new Map<string, string>()

    for (const [i, arg] of args.entries()) {
      if (arg.name === '' || arg.args.length > 0) {
        throw refuse(`an option of ${name} is a plain value, as in ${usage(name, syntax)}, which is not what stands`)
      }

      const option = arg.label ?? names[i]

      if (!names.includes(option)) {
        throw refuse(`${name} has no option "${option}", only ${names.join(', ')}`, closest(option, names))
      }
      if (values.has(option)) {
        throw refuse(`${option} of ${name} stands twice`)
      }

      values.set(option, arg.name)
    }

    const read = <T> (option: string, as: (text: string) => T): T | undefined => {
      const value = values.get(option)
      return value == null ? undefined : as(value)
    }

    return {
      text: option => values.get(option),
      number: option => read(option, Number),
      ms: option => read(option, toMs)
    }
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

/** One letter in three may be wrong; short names have no neighbours. */
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
