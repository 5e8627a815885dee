import { parseStrategy } from '@kitsune/want-router'
import { tryStrategy } from '@kitsune/want-router/engine'
import { loadStrategy as load, modulesIn } from '@kitsune/want-router/strategy-modules'
import { ConfigError } from '../errors.ts'
import { oneLine } from './layers.ts'
import type { MemberInit, StrategyFactory } from '@kitsune/want-router'

/**
 * Checks an expression as far as possible without importing modules. The caller adds the origin of the expression.
 *
 * @throws {ConfigError} its message lists the strategies that exist
 */
export function checkStrategy (expression: string): void {
  // whether a strategy may wrap a module is known only after the module is imported
  if (modulesIn(expression).length === 0) {
    try {
      parseStrategy(expression)
    } catch (err) {
      throw new ConfigError(explained(err).message.replace(/^strategy: /, ''))
    }
  }
}

/**
 * Loads the strategy of an expression, which may contain paths of modules.
 *
 * @throws {ConfigError} a module does not exist or exports no strategy, the expression is invalid, or the
 * strategy does not accept the members, for example because a label is not a number
 */
export async function loadStrategy (expression: string, members: readonly MemberInit[] = []): Promise<StrategyFactory> {
  const strategy = await load(expression).catch(err => { throw explained(err) })
  expectMembers(strategy, members)

  return strategy
}

/** @throws {ConfigError} the strategy does not accept the members */
export function expectMembers (strategy: StrategyFactory, members: readonly MemberInit[]): void {
  try {
    tryStrategy(strategy, members)
  } catch (err) {
    throw new ConfigError(oneLine(err))
  }
}

function explained (err: unknown): ConfigError {
  const message = oneLine(err)

  return new ConfigError(message.includes('did you mean') ? message : `${message}; to use your own strategy, write the path of its module, as in ./my-strategy.js`)
}
