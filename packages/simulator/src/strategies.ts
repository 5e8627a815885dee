import { basename, extname } from 'node:path'
import { InvalidOptionError, STRATEGIES } from '@kitsune/want-router'
import { loadStrategy, modulesIn } from '@kitsune/want-router/strategy-modules'
import { BASELINES } from './baselines/index.ts'
import { UsageError } from './errors.ts'
import type { NamedStrategy } from './simulation.ts'
import type { StrategyFactory } from '@kitsune/want-router'

/** The decorators that `--strategies all` includes. Not tiers: it needs labels, and so its own scenario. */
const DECORATED = ['bounded-load(rendezvous)', 'presence(peak-ewma)', 'sticky(least-loaded)', 'bounded-load(presence(rendezvous))']

/** All strategies that have a name: those of want-router, and baselines to compare them with. */
export const KNOWN = { ...STRATEGIES, ...BASELINES }

/** Every strategy of want-router with its defaults, and its decorators around one that suits them. */
export function everyStrategy (): string[] {
  const names = Object.entries(STRATEGIES)
  // a strategy with two names counts only once
  const bare = names.filter(([, syntax], i) => (syntax.wraps ?? 0) === 0 && names.findIndex(([, other]) => other === syntax) === i)

  return [...bare.map(([name]) => name), ...DECORATED]
}

/**
 * Splits the value of `--strategies`, at semicolons and at commas outside parentheses.
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
 * Makes strategies from expressions as in configurations, in which the names of
 * baselines and the paths of modules may stand for strategies.
 *
 * @throws {UsageError} if one does not exist
 */
export async function findStrategies (written: readonly string[]): Promise<NamedStrategy[]> {
  const expressions = new Set(written.flatMap(text => text === 'all' ? everyStrategy() : [text]))

  return Promise.all([...expressions].map(async expression => ({ name: nameOf(expression), factory: await load(expression) })))
}

/** A module is named by its file, without the folder. */
function nameOf (expression: string): string {
  return modulesIn(expression).reduce((name, path) => name.replace(path, basename(path, extname(path))), expression)
}

async function load (expression: string): Promise<StrategyFactory> {
  try {
    return await loadStrategy(expression, { known: KNOWN })
  } catch (err) {
    if (err instanceof InvalidOptionError) {
      throw new UsageError(`--strategies: ${err.message.replace(/^strategy: /, '')}`)
    }

    throw err
  }
}
