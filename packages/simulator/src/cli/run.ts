import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from '../errors.ts'
import { toHtml } from '../report/html.ts'
import { printRuns, printShares, runName } from '../report/table.ts'
import { findScenarios, scaled } from '../scenario/find.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { simulate } from '../simulate.ts'
import { findStrategies } from '../strategies.ts'
import { USAGE } from './args.ts'
import { describe, list } from './describe.ts'
import { openRecording, write } from './files.ts'
import { progress } from './progress.ts'
import { replayRecordings } from './replay.ts'
import type { Options } from './args.ts'
import type { ScenarioResult } from '../metrics/result.ts'
import type { FoundScenario } from '../scenario/find.ts'
import type { NamedStrategy } from '../simulate.ts'

/** Where a command writes. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

// a row of shares is read as far as this
const MANY_MEMBERS = 12

/**
 * Does what the command line asks for.
 *
 * @returns the exit code: 1 if a replay diverges
 * @throws {UsageError} {@link ScenarioError} for what the user can mend
 */
export async function run (options: Options, { stdout, stderr }: Streams): Promise<number> {
  const print = (text: string): void => { (options.json === '-' ? stderr : stdout).write(`${text}\n`) }

  if (options.help || options.list) {
    print(options.help ? USAGE : list())
    return 0
  }
  if (options.scenarios.length === 0) {
    throw new UsageError(`--scenario is missing: write all, or some of ${SCENARIOS.map(({ name }) => name).join(', ')}`)
  }
  if (options.replay) {
    return replayRecordings(options, print)
  }

  const found = (await findScenarios(options.scenarios)).map(found => ({ ...found, scenario: scaled(found.scenario, options.scale) }))
  if (options.describe) {
    print(found.map(({ scenario }) => describe(scenario)).join('\n\n'))
    return 0
  }

  const results: ScenarioResult[] = []
  for (const one of found) {
    const result = await runScenario(one, options, stderr)
    results.push(result)
    print(`\n${result.scenario.name}: ${result.scenario.title}\n\n${printRuns(result)}`)
    if (result.runs[0].members.length <= MANY_MEMBERS) {
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

/** Simulates a scenario under every strategy and variant. */
export async function runScenario ({ scenario, recording }: FoundScenario, options: Pick<Options, 'strategies' | 'seed' | 'record'>, stderr: NodeJS.WriteStream): Promise<ScenarioResult> {
  const bar = progress(stderr)
  const strategies = await findStrategies(options.strategies.length > 0 ? options.strategies : scenario.strategies)
  const variants = Object.keys(scenario.variants)
  const planned: Array<{ strategy: NamedStrategy, variant?: string }> = strategies.flatMap(strategy =>
    variants.length === 0 ? [{ strategy }] : variants.map(variant => ({ strategy, variant })))

  if (options.record != null && planned.length !== 1) {
    throw new UsageError(`--record: there are ${planned.length} runs and one recording: name one strategy and one scenario without variants`)
  }
  const recorder = options.record == null ? undefined : openRecording(options.record)

  try {
    const runs = planned.map(({ strategy, variant }, i) => {
      const start = performance.now()
      bar.begin(runName({ strategy: strategy.name, variant }), `${scenario.name} [${i + 1}/${planned.length}]`)
      const result = simulate({
        scenario,
        recording,
        strategy,
        variant,
        seed: options.seed,
        tap: recorder?.tap,
        progress: done => { bar.advance(done) }
      })
      bar.end(`${result.totals.wants} wants in ${((performance.now() - start) / 1000).toFixed(1)} s`)
      return result
    })
    return { scenario, runs }
  } finally {
    recorder?.close()
  }
}

/** What `--json` writes: no times of day and no durations of ours, so that equal runs are equal bytes. */
export function toJson (results: readonly ScenarioResult[]): string {
  return `${JSON.stringify(results, undefined, 1)}\n`
}

/** What makes the same results again. */
function command ({ scenarios, strategies, seed, scale }: Options): string {
  const quote = (text: string): string => /^[\w./-]+$/.test(text) ? text : `"${text}"`
  return [
    'npm run simulate --',
    ...scenarios.map(name => `--scenario ${quote(name)}`),
    ...(strategies.length === 0 ? [] : [`--strategies ${quote(strategies.join(';'))}`]),
    `--seed ${seed}`,
    ...(scale === 1 ? [] : [`--scale ${scale}`])
  ].join(' ')
}
