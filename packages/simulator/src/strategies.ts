import { basename, extname } from 'node:path'
import { InvalidOptionError, STRATEGIES } from '@kitsune/want-router'
import { loadStrategy, modulesIn } from '@kitsune/want-router/strategy-modules'
import { BASELINES } from './baselines/index.ts'
import { UsageError } from './errors.ts'
import type { NamedStrategy } from './simulation.ts'
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
 * Makes strategies of what was written: expressions as in configurations, with
 * baselines and the paths of modules in the place of names.
 *
 * @throws {UsageError} if there is no such thing
 */
export async function findStrategies (written: readonly string[]): Promise<NamedStrategy[]> {
  const expressions = new Set(written.flatMap(text => text === 'all' ? everyStrategy() : [text]))
  return Promise.all([...expressions].map(async expression => ({ name: nameOf(expression), factory: await load(expression) })))
}

/** A module is called by its file, wherever that is. */
function nameOf (expression: string): string {
  return modulesIn(expression).reduce((name, path) => name.replace(path, basename(path, extname(path))), expression)
}

async function load (expression: string): Promise<StrategyFactory> {
  try {
    return await loadStrategy(expression, { known: WRITTEN })
  } catch (err) {
    if (err instanceof InvalidOptionError) {
      throw new UsageError(`--strategies: ${err.message.replace(/^strategy: /, '')}`)
    }
    throw err
  }
}
