import { STRATEGIES } from '@kitsune/want-router'
import { BASELINES } from '../baselines/index.ts'
import { parameters } from '../scenario/parameters.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import type { FullScenario } from '../scenario/schema.ts'
import type { StrategySyntax } from '@kitsune/want-router'

/** The names of scenarios and strategies. */
export function list (): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length))

  return [
    'scenarios',
    ...SCENARIOS.map(({ name, title }) => `  ${name.padEnd(width)}  ${title}`),
    '',
    'strategies',
    ...usages(STRATEGIES),
    '',
    'to compare with',
    ...usages(BASELINES)
  ].join('\n')
}

/** The syntax of each, e.g. `bounded-load(strategy, c=1.25)`. */
function usages (known: Readonly<Record<string, StrategySyntax>>): string[] {
  return Object.entries(known).map(([name, { wraps = 0, options = {} }]) => {
    const args = [...Array.from({ length: wraps }, () => 'strategy'), ...Object.entries(options).map(([option, value]) => `${option}=${value}`)]

    return `  ${name}${args.length === 0 ? '' : `(${args.join(', ')})`}`
  })
}

/** Every parameter of a scenario with its meaning. */
export function describe (scenario: FullScenario): string {
  return parameters(scenario).map(({ name, value, about }) => `${name} = ${value}\n    ${about}`).join('\n')
}
