import { parseStrategy } from '@kitsune/want-router'
import { loadStrategy as load, modulesIn } from '@kitsune/want-router/strategy-modules'
import { ConfigError } from '../errors.ts'
import { oneLine } from './layers.ts'
import type { StrategyFactory } from '@kitsune/want-router'

/**
 * Checks an expression as far as that goes without importing anything.
 *
 * @throws {ConfigError} with the list of what exists
 */
export function checkStrategy (expression: string): void {
  // what may stand around a module is known only once it is imported
  if (modulesIn(expression).length === 0) {
    try {
      parseStrategy(expression)
    } catch (err) {
      throw explained(err)
    }
  }
}

/**
 * Makes the strategy of an expression, in which modules may stand for names.
 *
 * @throws {ConfigError} a module is not there or exports no strategy, or the expression is none
 */
export async function loadStrategy (expression: string): Promise<StrategyFactory> {
  try {
    return await load(expression)
  } catch (err) {
    throw explained(err)
  }
}

function explained (err: unknown): ConfigError {
  return new ConfigError(`${oneLine(err)}; a strategy of your own is written as the path of its module, as in ./my-strategy.js`)
}
