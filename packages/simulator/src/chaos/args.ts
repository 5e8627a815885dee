import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { UsageError } from '../errors.ts'

/** The options of the chaos command. */
export interface ChaosOptions {
  /** The first seed, and how many. */
  readonly first: number
  readonly seeds: number
  /** The seed to replay, with its trace. */
  readonly seed?: number
  readonly threads: number
  /** Whether to go on after a failure. */
  readonly all: boolean
  /** A module with mutants: the command searches a seed that catches each. */
  readonly mutants?: string
  /** Where to write the result as JSON; `-` is standard output. */
  readonly json?: string
  readonly help: boolean
}

/** What `--help` prints. */
export const USAGE = `npm run chaos -- [options]

Plays hostile runs of the engine, one for each seed, and holds it to its invariants.

  --seeds N      how many runs (default: 1000)
  --first N      the first seed (default: 1)
  --seed N       play one run and print all that happens in it
  --threads N    (default: the number of processors)
  --all          go on after a run that breaks an invariant
  --mutants FILE find the first seed that catches each mutant which this module exports as MUTANTS;
                 with --json, write what was found, by name
  --json FILE    write the result as JSON; - is standard output
  --help`

/** @throws {UsageError} with one line that says which option is wrong */
export function parseChaosOptions (args: readonly string[]): ChaosOptions {
  const { seed, seeds, first, threads, all, mutants, json, help } = parse(args)

  return {
    first: whole('first', first ?? '1', 0),
    seeds: whole('seeds', seeds ?? '1000', 1),
    seed: seed == null ? undefined : whole('seed', seed, 0),
    threads: threads == null ? availableParallelism() : whole('threads', threads, 1),
    all: all === true,
    mutants,
    json,
    help: help === true
  }
}

interface Values { seed?: string, seeds?: string, first?: string, threads?: string, all?: boolean, mutants?: string, json?: string, help?: boolean }

function parse (args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: { type: 'string' },
        seeds: { type: 'string' },
        first: { type: 'string' },
        threads: { type: 'string' },
        all: { type: 'boolean' },
        mutants: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean' }
      }
    }).values
  } catch (err) {
    throw new UsageError(err instanceof Error ? err.message.replaceAll('\n', ' ') : String(err))
  }
}

function whole (option: string, value: string, least: number): number {
  const number = Number(value)

  if (!Number.isSafeInteger(number) || number < least) {
    throw new UsageError(`--${option}: "${value}" is not a whole number of at least ${least}`)
  }

  return number
}
