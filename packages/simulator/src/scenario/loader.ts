import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from '../errors.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { parseScenario } from './parser.ts'
import { readRecording } from './recording.ts'
import type { Recording } from './recording.ts'
import type { FullScenario } from './schema.ts'

/** A scenario, with the recording that it was made from if there is one. */
export interface FoundScenario {
  readonly scenario: FullScenario
  readonly recording?: Recording
}

/**
 * Scenarios by name, `all` of them, or from a file: a module that exports
 * `scenario`, JSON, or a recording.
 *
 * @throws {UsageError} if there is no scenario of that name, or no such file
 * @throws {ScenarioError} if a scenario is invalid
 */
export async function findScenarios (names: readonly string[]): Promise<FoundScenario[]> {
  const found = new Map<string, FoundScenario>()

  for (const name of names.flatMap(name => name === 'all' ? SCENARIOS.map(({ name }) => name) : [name])) {
    const builtIn = SCENARIOS.find(scenario => scenario.name === name)
    found.set(name, name.endsWith('.ndjson') ? await readRecording(name) : { scenario: parseScenario(builtIn ?? await loadScenario(name), name) })
  }

  return [...found.values()]
}

async function loadScenario (path: string): Promise<unknown> {
  if (!/\.(json|[cm]?[jt]s)$/.test(path)) {
    throw new UsageError(`--scenario: there is no "${path}", only all, a path to a file that ends in .ts, .js, .mjs, .json or .ndjson, and ${SCENARIOS.map(({ name }) => name).join(', ')}`)
  }

  try {
    if (path.endsWith('.json')) {
      return JSON.parse(await readFile(path, 'utf8'))
    }

    const module: Record<string, unknown> = await import(pathToFileURL(resolve(path)).href)

    return module.scenario ?? module.default
  } catch (err) {
    throw new UsageError(`--scenario: ${path} cannot be loaded: ${err instanceof Error ? err.message : String(err)}`)
  }
}

/** The scenario with all its times, such as its duration and phases, multiplied by a factor. */
export function scaled (scenario: FullScenario, factor: number): FullScenario {
  if (factor === 1) {
    return scenario
  }

  const stretch = (ms: number | undefined): number | undefined => ms == null ? undefined : ms * factor

  return {
    ...scenario,
    duration: scenario.duration * factor,
    warmup: scenario.warmup * factor,
    moves: stretch(scenario.moves),
    members: scenario.members.map(member => ({
      ...member,
      phases: member.phases.map(phase => ({ ...phase, from: phase.from * factor, to: stretch(phase.to), every: stretch(phase.every) }))
    })),
    clients: scenario.clients.map(group => ({ ...group, from: group.from * factor, to: stretch(group.to) }))
  }
}
