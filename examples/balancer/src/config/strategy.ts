import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseStrategy, STRATEGIES } from '@kitsune/want-router'
import { ConfigError } from '../errors.ts'
import { oneLine } from './layers.ts'
import type { StrategyFactory, StrategySyntax } from '@kitsune/want-router'

/** What a module of a strategy exports as `strategy`. */
type Exported = StrategyFactory | StrategySyntax

/** The paths of modules that stand in a strategy expression, where a name could. */
export function modulesIn (expression: string): string[] {
  const words = expression.match(/[^\s(),]+/g) ?? []

  return [...new Set(words)].filter(word => /^\.{0,2}\/|\.[cm]?[jt]s$/.test(word))
}

/**
 * Checks an expression as far as that goes without importing anything.
 *
 * @throws {ConfigError} with the list of what exists
 */
export function checkStrategy (expression: string): void {
  // what may stand around a module is known only once it is imported
  if (modulesIn(expression).length === 0) {
    parse(expression, STRATEGIES)
  }
}

/**
 * Makes the strategy of an expression. Modules in it are imported, and stand for
 * what they export as `strategy`: a strategy factory or, if it takes strategies
 * or options in parentheses, a `StrategySyntax`.
 *
 * @param expression - e.g. `bounded-load(./zone-aware.ts)`
 * @param folder - where relative paths begin. Default: the working directory
 * @throws {ConfigError} a module is not there or exports no strategy, or the expression is none
 */
export async function loadStrategy (expression: string, folder = process.cwd()): Promise<StrategyFactory> {
  const known: Record<string, StrategySyntax> = { ...STRATEGIES }

  for (const path of modulesIn(expression)) {
    const exported = await importStrategy(path, folder)
    known[path] = typeof exported === 'function' ? { make: () => exported } : exported
  }

  return parse(expression, known)
}

async function importStrategy (path: string, folder: string): Promise<Exported> {
  let module: Record<string, unknown>

  try {
    module = await import(pathToFileURL(resolve(folder, path)).href)
  } catch (err) {
    // that it was imported from here is of no use to anybody
    const why = oneLine(err).replace(` imported from ${import.meta.filename}`, '')
    throw new ConfigError(`strategy: ${path} cannot be imported: ${why}`)
  }

  const { strategy } = module

  if (isSyntax(strategy)) {
    return strategy
  }

  if (typeof strategy !== 'function') {
    throw new ConfigError(`strategy: ${path} exports ${strategy == null ? 'nothing' : 'something else'} called "strategy": export const strategy = env => ({ update (members) { … }, * rank (want) { … } })`)
  }

  checkFactory(path, strategy as StrategyFactory)
  return strategy as StrategyFactory
}

function isSyntax (value: unknown): value is StrategySyntax {
  return typeof value === 'object' && value != null && 'make' in value && typeof value.make === 'function'
}

/** A function that makes factories is easily taken for a factory. */
function checkFactory (path: string, factory: StrategyFactory): void {
  let made: unknown

  try {
    made = factory({ now: () => 0, random: () => 0.5, seed: 0 })
  } catch (err) {
    throw new ConfigError(`strategy: the strategy of ${path} cannot be made: ${oneLine(err)}`)
  }

  if (typeof made === 'function') {
    throw new ConfigError(`strategy: "strategy" of ${path} makes strategy factories and is none: export what it returns, export const strategy = make(…)`)
  }

  if (typeof made !== 'object' || made == null || !('update' in made) || !('rank' in made)) {
    throw new ConfigError(`strategy: "strategy" of ${path} does not return an object with update and rank`)
  }
}

function parse (expression: string, known: Readonly<Record<string, StrategySyntax>>): StrategyFactory {
  try {
    return parseStrategy(expression, known)
  } catch (err) {
    throw new ConfigError(`${oneLine(err)}, or the path of a module, as in ./my-strategy.js`)
  }
}
