import { writeFileSync } from 'node:fs'
import { parseChaosOptions, USAGE } from './args.ts'
import { printFeatures } from './features.ts'
import { INVARIANTS } from './invariants.ts'
import { caughtBy, loadMutants, searchSeeds } from './mutant-search.ts'
import { runSeeds } from './pool.ts'
import { playRun } from './run.ts'
import type { ChaosOptions } from './args.ts'
import type { BatchResult } from './pool.ts'
import type { RunResult } from './run.ts'

/** Where to print; to a terminal, progress is one line that is written over. */
type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean }

interface Streams {
  readonly stdout: Stream
  readonly stderr: Stream
}

// lines of the run that a report ends with
const LAST_LINES = 30

/**
 * The command: many seeds, or the replay of one.
 *
 * @returns the exit code: 1 if an invariant was broken, or if a mutant was not caught
 */
export async function runChaos (args: readonly string[], streams: Streams): Promise<number> {
  const options = parseChaosOptions(args)
  // with the result on standard output nothing else may be printed there
  const out = options.json === '-' ? streams.stderr : streams.stdout

  if (options.help) {
    streams.stdout.write(`${USAGE}\n`)

    return 0
  }

  if (options.seed != null) {
    const result = await playRun(options.seed, { trace: line => { out.write(`${line}\n`) } })
    out.write(`\n${verdict(result)}\n`)
    writeJson(options.json, result, streams)

    return result.broken == null ? 0 : 1
  }

  if (options.mutants != null) {
    return runMutants(options, options.mutants, streams, out)
  }

  const start = performance.now()
  const sum = await runSeeds({
    first: options.first,
    count: options.seeds,
    threads: options.threads,
    stopAtFailure: !options.all,
    progress: progress(options, streams.stderr, start)
  })

  if (streams.stderr.isTTY === true) {
    streams.stderr.write('\n')
  }

  const seconds = (performance.now() - start) / 1000

  out.write(`${printFeatures(sum.features, sum.ran)}\n`)

  for (const failure of sum.failures.slice(0, 5)) {
    const lines: string[] = []
    await playRun(failure.seed, { trace: line => { lines.push(line) } })
    out.write(`\n${lines.slice(-LAST_LINES).join('\n')}\n${verdict(failure)}\n  replay it with: npm run chaos -- --seed ${failure.seed}\n`)
  }

  out.write(`\n${sum.ran} runs, ${(sum.simulated / 3_600_000).toFixed(1)} simulated hours in ${seconds.toFixed(1)} s; ` +
    `after the last fault all was answered within ${(sum.longestRecovery / 1000).toFixed(1)} simulated s, and within ${(100 * sum.recoveryShare).toFixed(0)}% of what limits allow; ` +
    `${sum.failures.length === 0 ? 'no invariant was broken' : `${sum.failures.length} broke one: ${byInvariant(sum)}`}\n`)
  writeJson(options.json, { ...options, ...sum, seconds }, streams)

  return sum.failures.length === 0 ? 0 : 1
}

/** Prints the seed that catches each mutant as soon as it is found, and writes all of them, by name. */
async function runMutants ({ first, seeds, threads, json }: ChaosOptions, file: string, streams: Streams, out: Stream): Promise<number> {
  const mutants = await loadMutants(file)
  const found = await searchSeeds({
    mutants,
    first,
    count: seeds,
    threads,
    progress: caught => { out.write(`${caughtBy(caught)}\n`) }
  })
  const missed = found.filter(({ named }) => !named).length

  out.write(`\n${found.length} mutants, ${missed === 0 ? 'each is caught' : `${missed} not caught`}\n`)
  writeJson(json, Object.fromEntries(found.filter(({ named }) => named).map(({ mutant, seed }) => [mutant.name, seed])), streams)

  return missed === 0 ? 0 : 1
}

function verdict ({ seed, steps, ms, broken }: RunResult): string {
  return broken == null
    ? `seed ${seed}: ${steps} steps, ${(ms / 1000).toFixed(0)} simulated s, no invariant was broken`
    : `seed ${seed}, step ${broken.step}: ${broken.message}\n  the invariant "${broken.invariant}": ${INVARIANTS[broken.invariant]}`
}

function byInvariant ({ failures }: BatchResult): string {
  const counts = new Map<string, number>()

  for (const { broken } of failures) {
    if (broken != null) {
      counts.set(broken.invariant, (counts.get(broken.invariant) ?? 0) + 1)
    }
  }

  return [...counts].map(([invariant, count]) => `${invariant} ${count}`).join(', ')
}

function progress (options: ChaosOptions, stderr: Stream, start: number): (sum: BatchResult) => void {
  let said = start

  return ({ ran, failures }) => {
    const now = performance.now()

    // a terminal's line is written over; a log gets one every few seconds
    if (now - said >= (stderr.isTTY === true ? 200 : 5000)) {
      said = now
      const left = (now - start) / ran * (options.seeds - ran) / 1000
      stderr.write(`${stderr.isTTY === true ? '\r' : ''}${ran} of ${options.seeds} runs, ${failures.length} broke an invariant${seedsOf(failures)}, ${left.toFixed(0)} s left ${stderr.isTTY === true ? ' ' : '\n'}`)
    }
  }
}

/** The seeds, so that a search which is cut off has said what it found. */
function seedsOf (failures: readonly RunResult[]): string {
  return failures.length === 0 ? '' : ` (seeds ${failures.slice(0, 5).map(({ seed }) => seed).join(', ')}${failures.length > 5 ? ', …' : ''})`
}

function writeJson (path: string | undefined, result: object, { stdout }: Streams): void {
  if (path != null) {
    const text = `${JSON.stringify(result, null, 2)}\n`

    if (path === '-') {
      stdout.write(text)
    } else {
      writeFileSync(path, text)
    }
  }
}
