import { parseStrategy } from '@kitsune/want-router'
import { tryStrategy } from '@kitsune/want-router/engine'
import { loadStrategy as load, modulesIn } from '@kitsune/want-router/strategy-modules'
import { ConfigError } from '../errors.ts'
import { oneLine } from './layers.ts'
import type { MemberInit, StrategyFactory } from '@kitsune/want-router'

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
 * @throws {ConfigError} a module is not there or exports no strategy, the expression is none, or the
 * strategy cannot take the members, say for a label that is no number
 */
export async function loadStrategy (expression: string, members: readonly MemberInit[] = []): Promise<StrategyFactory> {
  const strategy = await load(expression).catch(err => { throw explained(err) })

  try {
    tryStrategy(strategy, members)
  } catch (err) {
    throw new ConfigError(oneLine(err))
  }

  return strategy
}

function explained (err: unknown): ConfigError {
  const message = oneLine(err)

  return new ConfigError(message.includes('did you mean') ? message : `${message}; a strategy of your own is written as the path of its module, as in ./my-strategy.js`)
}
