import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { STRATEGIES } from '@kitsune/want-router'
import { BASELINES } from '../baselines/index.ts'
import { UsageError } from '../errors.ts'
import { toHtml } from '../report/html.ts'
import { printRuns, printShares, runName, table } from '../report/table.ts'
import { parameters } from '../scenario/describe.ts'
import { findScenarios, scaled } from '../scenario/find.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { simulate } from '../simulate.ts'
import { findStrategies } from '../strategies.ts'
import { USAGE } from './args.ts'
import { progress } from './progress.ts'
import type { Options } from './args.ts'
import type { ScenarioResult } from '../metrics/result.ts'
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
 * @throws {UsageError} {@link ScenarioError} for what the user can mend
 */
export async function run (options: Options, { stdout, stderr }: Streams): Promise<void> {
  const print = (text: string): void => { (options.json === '-' ? stderr : stdout).write(`${text}\n`) }

  if (options.help) {
    print(USAGE)
    return
  }
  if (options.list) {
    print(list())
    return
  }
  if (options.scenarios.length === 0) {
    throw new UsageError(`--scenario is missing: write all, or some of ${SCENARIOS.map(({ name }) => name).join(', ')}`)
  }

  const scenarios = (await findScenarios(options.scenarios)).map(scenario => scaled(scenario, options.scale))
  if (options.describe) {
    for (const scenario of scenarios) {
      print(`${scenario.name}: ${scenario.title}\n\n${table(['parameter', 'value', 'meaning'], parameters(scenario).map(({ name, value, about }) => [name, value, about]))}\n`)
    }
    return
  }
  const results: ScenarioResult[] = []
  const bar = progress(stderr)

  for (const scenario of scenarios) {
    const strategies = await findStrategies(options.strategies.length > 0 ? options.strategies : scenario.strategies)
    const variants = Object.keys(scenario.variants)
    const planned = strategies.flatMap(strategy => variants.length === 0 ? [{ strategy }] : variants.map(variant => ({ strategy, variant })))
    const runs = planned.map(({ strategy, variant }: { strategy: NamedStrategy, variant?: string }, i) => {
      const start = performance.now()
      bar.begin(runName({ strategy: strategy.name, variant }), `${scenario.name} [${i + 1}/${planned.length}]`)
      const result = simulate({ scenario, strategy, variant, seed: options.seed, progress: done => { bar.advance(done) } })
      bar.end(`${result.totals.wants} wants in ${((performance.now() - start) / 1000).toFixed(1)} s`)
      return result
    })
    results.push({ scenario, runs })
    print(`\n${scenario.name}: ${scenario.title}\n\n${printRuns({ runs })}`)
    if (runs[0].members.length <= MANY_MEMBERS) {
      print(`\n${printShares({ runs })}`)
    }
  }

  if (options.json === '-') {
    stdout.write(toJson(results))
  } else if (options.json != null) {
    await write(options.json, toJson(results))
  }
  if (options.report) {
    const path = resolve(options.html ?? join(tmpdir(), `kitsune-${scenarios.map(({ name }) => name).join('-').slice(0, 64)}.html`))
    await write(path, toHtml(results, command(options)))
    print(`\nplots: ${path}`)
  }
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

/** What `--json` writes: no times of day and no durations of ours, so that equal runs are equal bytes. */
export function toJson (results: readonly ScenarioResult[]): string {
  return `${JSON.stringify(results, undefined, 1)}\n`
}

async function write (path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(resolve(path)), { recursive: true })
    await writeFile(path, text)
  } catch (err) {
    throw new UsageError(`${path} cannot be written: ${err instanceof Error ? err.message : String(err)}`)
  }
}

function list (): string {
  const usages = (of: Readonly<Record<string, { usage: string }>>): string => Object.values(of).map(({ usage }) => `  ${usage}`).join('\n')
  return `scenarios\n${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(20)} ${title}`).join('\n')}\n\nstrategies\n${usages(STRATEGIES)}\n\nto compare with\n${usages(BASELINES)}`
}
