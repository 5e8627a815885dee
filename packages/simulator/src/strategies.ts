import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidOptionError, parseStrategy, STRATEGIES } from '@kitsune/want-router'
import { BASELINES } from './baselines/index.ts'
import { UsageError } from './errors.ts'
import type { NamedStrategy } from './simulate.ts'
import type { StrategyFactory, StrategySyntax } from '@kitsune/want-router'

/** How decorators are shown in `--strategies all`; tiers needs labels, which a scenario must have been written for. */
const DECORATED = ['bounded-load(rendezvous)', 'presence(peak-ewma)', 'sticky(least-loaded)', 'bounded-load(presence(rendezvous))']

/** All that can be written: the strategies of want-router, and baselines to compare them with. */
export const WRITTEN = { ...STRATEGIES, ...BASELINES }

/** Every strategy of want-router with its defaults, and its decorators around one that suits them. */
export function everyStrategy (): string[] {
  const names = Object.entries(STRATEGIES)
  // one that has two names is one
  const bare = names.filter(([, syntax], i) => (syntax.wraps ?? 0) === 0 && names.findIndex(([, other]) => other === syntax) === i)
  return [...bare.map(([name]) => name), ...DECORATED]
}

/**
 * Splits what stands in `--strategies`, at semicolons and at commas outside of
 * parentheses.
 */
export function splitStrategies (text: string): string[] {
  const parts: string[] = ['']
  let depth = 0
  for (const char of text) {
    depth += Number(char === '(') - Number(char === ')')
    if (char === ';' || (char === ',' && depth <= 0)) {
      parts.push('')
    } else {
      parts[parts.length - 1] += char
    }
  }
  return parts.map(part => part.trim()).filter(part => part !== '')
}

/**
 * Makes strategies of what was written: expressions as in configurations, with
 * baselines and the paths of modules in the place of names. A module exports a
 * strategy factory as `strategy`, or a `StrategySyntax` if it takes strategies or
 * options in parentheses.
 *
 * @throws {UsageError} if there is no such thing
 */
export async function findStrategies (written: readonly string[]): Promise<NamedStrategy[]> {
  const found: NamedStrategy[] = []
  for (const expression of new Set(written.flatMap(text => text === 'all' ? everyStrategy() : [text]))) {
    const known: Record<string, StrategySyntax> = { ...WRITTEN }
    for (const path of modulesIn(expression)) {
      known[path] = await importStrategy(path)
    }
    found.push({ name: modulesIn(expression).reduce((name, path) => name.replace(path, basename(path, extname(path))), expression), factory: parse(expression, known) })
  }
  return found
}

/** The paths of modules that stand where a name could. */
function modulesIn (expression: string): string[] {
  const words = expression.match(/[^\s(),]+/g) ?? []
  return words.filter(word => /^\.{0,2}\/|\.[cm]?[jt]s$/.test(word))
}

function parse (expression: string, known: Readonly<Record<string, StrategySyntax>>): StrategyFactory {
  try {
    return parseStrategy(expression, known)
  } catch (err) {
    if (err instanceof InvalidOptionError) {
      throw new UsageError(`--strategies: ${err.message}, or a path to a module of your own`)
    }
    throw err
  }
}

async function importStrategy (path: string): Promise<StrategySyntax> {
  const { strategy } = await load(path)
  if (typeof strategy === 'function') {
    return { make: () => strategy as StrategyFactory }
  }
  if (typeof strategy === 'object' && strategy != null && 'make' in strategy) {
    return strategy as StrategySyntax
  }
  throw new UsageError(`--strategies: ${path} exports no "strategy": export const strategy = env => ({ update (members) { … }, * rank (want) { … } })`)
}

async function load (path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(resolve(path)).href)
  } catch (err) {
    throw new UsageError(`--strategies: ${path} cannot be loaded: ${err instanceof Error ? err.message.split('\n')[0] : String(err)}`)
  }
}
