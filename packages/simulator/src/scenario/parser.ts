import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { ScenarioError } from '../errors.ts'
import { scenarioSchema } from './schema.ts'
import type { FullScenario } from './schema.ts'

/**
 * Checks a scenario and fills in the defaults.
 *
 * @param value - a {@link Scenario} from any source
 * @param where - where it is from, for errors
 * @throws {ScenarioError} with every parameter that is wrong
 */
export function parseScenario (value: unknown, where = 'scenario'): FullScenario {
  const result = scenarioSchema.safeParse(value)

  if (!result.success) {
    const issues = result.error.issues.map(({ path, message }) => `${path.length === 0 ? 'it' : pathText(path)}: ${message}`)
    throw new ScenarioError(`${where}: ${issues.join('; ')}`)
  }

  const { limits, variants } = result.data
  const unknown = [limits, ...Object.values(variants)].flatMap(each => Object.keys(each)).find(name => !Object.hasOwn(DEFAULT_LIMITS, name))

  if (unknown != null) {
    throw new ScenarioError(`${where}: the engine has no option "${unknown}", only ${Object.keys(DEFAULT_LIMITS).join(', ')}`)
  }

  return result.data
}

function pathText (path: readonly PropertyKey[]): string {
  return path.map((part, i) => typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`).join('')
}
