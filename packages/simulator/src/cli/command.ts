import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { quoted } from '../report/docs.ts'
import { toHtml } from '../report/html.ts'
import { printRuns, printShares } from '../report/table.ts'
import { findScenarios } from '../scenario/loader.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { USAGE } from './args.ts'
import { writeDocs } from './document.ts'
import { write } from './files.ts'
import { describe, list } from './listing.ts'
import { replayRecordings } from './replay.ts'
import { runScenario } from './scenario-runs.ts'
import type { Options } from './args.ts'
import type { ScenarioResult } from '../metrics/result.ts'

/** The context of a command's process. */
export interface ProcessContext {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

// with more members a row of shares is too long to read
const MANY_MEMBERS = 12

/**
 * Runs the command line.
 *
 * @returns the exit code: 1 if a replay diverges
 * @throws {UsageError} {@link ScenarioError} for mistakes that the user can correct
 */
export async function run (options: Options, { stdout, stderr }: ProcessContext): Promise<number> {
  const print = (text: string): void => { (options.json === '-' ? stderr : stdout).write(`${text}\n`) }

  if (options.help || options.list) {
    print(options.help ? USAGE : list())

    return 0
  }

  if (options.docs != null) {
    return writeDocs(options.docs, options, print, stderr)
  }

  if (options.scenarios.length === 0) {
    throw new UsageError(`--scenario is missing: write all, or some of ${SCENARIOS.map(({ name }) => name).join(', ')}`)
  }

  if (options.replay) {
    return replayRecordings(options, print)
  }

  const found = await findScenarios(options.scenarios)

  if (options.describe) {
    print(found.map(({ scenario }) => describe(scenario)).join('\n\n'))

    return 0
  }

  const results: ScenarioResult[] = []

  for (const one of found) {
    const result = await runScenario(one, options, stderr)
    results.push(result)
    print(`\n${result.scenario.name}: ${result.scenario.title}\n\n${printRuns(result, options.columns)}`)

    if (options.columns == null && result.runs[0].members.length <= MANY_MEMBERS) {
      print(`\n${printShares(result)}`)
    }
  }

  if (options.json === '-') {
    stdout.write(toJson(results))
  } else if (options.json != null) {
    await write(options.json, toJson(results))
  }

  if (options.report) {
    const path = resolve(options.html ?? join(tmpdir(), `kitsune-${results.map(({ scenario }) => scenario.name).join('-').slice(0, 64)}.html`))
    await write(path, toHtml(results, command(options)))
    print(`\nplots: ${path}`)
  }

  return 0
}

/** The output of `--json`: without times of day and durations of the simulation itself, so that equal runs give equal bytes. */
export function toJson (results: readonly ScenarioResult[]): string {
  return `${JSON.stringify(results, undefined, 1)}\n`
}

/** The command that gives the same results again. */
function command ({ scenarios, strategies, seed, scale }: Options): string {
  return [
    'npm run simulate --',
    ...scenarios.map(name => `--scenario ${quoted(name)}`),
    ...(strategies.length === 0 ? [] : [`--strategies ${quoted(strategies.join(';'))}`]),
    `--seed ${seed}`,
    ...(scale === 1 ? [] : [`--scale ${scale}`])
  ].join(' ')
}
