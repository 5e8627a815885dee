import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidOptionError, parseStrategy, STRATEGIES } from '@kitsune/want-router'
import { BASELINES } from './baselines/index.ts'
import { UsageError } from './errors.ts'
import type { NamedStrategy } from './simulate.ts'
import type { StrategyFactory } from '@kitsune/want-router'

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
 * Makes strategies of what was written: names as in configurations, baselines,
 * and paths to modules that export a strategy factory as `strategy` or by
 * default.
 *
 * @throws {UsageError} if there is no such thing
 */
export async function findStrategies (written: readonly string[]): Promise<NamedStrategy[]> {
  const found: NamedStrategy[] = []
  for (const name of new Set(written.flatMap(text => text === 'all' ? everyStrategy() : [text]))) {
    found.push({ name: isPath(name) ? nameOfPath(name) : name, factory: isPath(name) ? await loadStrategy(name) : parse(name) })
  }
  return found
}

function parse (name: string): StrategyFactory {
  try {
    return parseStrategy(name, WRITTEN)
  } catch (err) {
    if (err instanceof InvalidOptionError) {
      throw new UsageError(`--strategies: ${err.message}, or a path to a module of your own`)
    }
    throw err
  }
}

/** Whether a name is a path: it ends as a module does. */
export function isPath (name: string): boolean {
  return /\.[cm]?[jt]s$/.test(name)
}

function nameOfPath (path: string): string {
  return path.replace(/^.*[/\\]/, '').replace(/\.[cm]?[jt]s$/, '')
}

async function loadStrategy (path: string): Promise<StrategyFactory> {
  const module: Record<string, unknown> = await load(path)
  const factory = module.strategy ?? module.default
  if (typeof factory !== 'function') {
    throw new UsageError(`--strategies: ${path} exports no "strategy": export const strategy = env => ({ update (members) { … }, * rank (want) { … } })`)
  }
  return factory as StrategyFactory
}

async function load (path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(resolve(path)).href)
  } catch (err) {
    throw new UsageError(`--strategies: ${path} cannot be loaded: ${err instanceof Error ? err.message : String(err)}`)
  }
}
