import { parseArgs } from 'node:util'
import { DISTANCE_SCENARIOS } from './distance/scenarios.ts'
import { EDGE_SCENARIOS } from './edge/scenarios.ts'
import { UsageError } from './errors.ts'
import { HTTP_SCENARIOS } from './http/scenarios.ts'
import { PRELOAD_SCENARIOS } from './preload/scenarios.ts'
import { STRATEGY_SCENARIOS } from './strategies/scenarios.ts'
import { WORKLOADS } from './workloads.ts'

/** What the client fetches from: the kubo, a proxy in front of it, or the edge server under Node.js, which has the same blocks in a CAR. */
export type SubjectName = 'direct' | 'naive' | 'balancer' | 'edge'

const SUBJECTS: readonly SubjectName[] = ['balancer', 'naive', 'direct', 'edge']

/** bitswap-codec against protons. */
export const CODEC = 'codec'
/** What a pick costs under each strategy. */
export const PICKS = 'picks'
/** CAR files and block maps against `@ipld/car` and a plain loop. */
export const BLOCK_SOURCE = 'block-source'
/** The least cost of a proxy in Node. */
export const FLOOR = 'floor'
/** How the cost of a want grows with clients, members and wants. */
export const SCALE = 'scale'

/** Words that stand for several names. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  distance: DISTANCE_SCENARIOS.map(({ name }) => name),
  edge: EDGE_SCENARIOS.map(({ name }) => name),
  http: HTTP_SCENARIOS.map(({ name }) => name),
  preload: PRELOAD_SCENARIOS.map(({ name }) => name),
  strategies: STRATEGY_SCENARIOS.map(({ name }) => name)
}

const NAMES: readonly string[] = [...WORKLOADS.map(({ name }) => name), CODEC, PICKS, FLOOR, BLOCK_SOURCE, SCALE, ...GROUPS.distance, ...GROUPS.edge, ...GROUPS.http, ...GROUPS.preload, ...GROUPS.strategies]

/** The options of the command line. */
export interface Options {
  /** Names of workloads, `codec`, `picks`, `floor`, `block-source`, `scale`, distances, scenarios of the edge server, of HTTP, of preload and of strategies; default: all. */
  only: string[]
  /** Default: all, or the balancer alone with `--profile`. */
  subjects: SubjectName[]
  /** Runs of each subject in each workload, of each leg at each distance, through each door of HTTP, of preload and pin, and of each strategy in each scenario; default 5, or 1 with `--quick` or `--profile`. */
  pairs: number
  /** Runs of each strategy in `scale`; default 3, or 1 with `--quick` or `--profile`. */
  scaleRuns: number
  /** A quarter of the blocks. */
  quick: boolean
  /** Where to write the results; with `-` they go to standard output, and the table to standard error. */
  json?: string
  /** A document to put the tables into. */
  docs?: string
  /** Folder for a CPU profile of each run of a proxy. */
  profile?: string
  help: boolean
}

/** What `--help` prints. */
export const USAGE = `npm run bench -- [options]

  --only NAMES      comma-separated: ${NAMES.join(', ')}
                    (default: all); ${Object.entries(GROUPS).map(([group, names]) => `${group} stands for ${names.join(', ')}`).join(',\n                    ')}
  --subjects NAMES  comma-separated: ${SUBJECTS.join(', ')} (default: all)
  --pairs N         interleaved runs of each (default: 5, and 3 of scale)
  --quick           one run of each with a quarter of the blocks: not for publishing
  --json FILE       write the results as JSON too; - is standard output
  --docs FILE       put the tables into a document, between the marks that docs/benchmarks.md has
  --profile[=DIR]   write a CPU profile of each proxy while it was measured, and print where its time
                    went (default: the balancer alone, one run, into the current folder)
  --help`

/** @throws {UsageError} with one line that says which option is wrong */
export function parseOptions (args: readonly string[]): Options {
  const values = parse(args)
  const profile = values.profile === '' ? '.' : values.profile
  const single = values.quick === true || profile != null

  return {
    only: list('only', values.only?.split(',').flatMap(name => GROUPS[name.trim()] ?? [name]).join(','), NAMES),
    subjects: list('subjects', values.subjects ?? (profile != null ? 'balancer' : undefined), SUBJECTS),
    pairs: positive('pairs', values.pairs ?? (single ? '1' : '5')),
    scaleRuns: positive('pairs', values.pairs ?? (single ? '1' : '3')),
    quick: values.quick === true,
    json: values.json,
    docs: values.docs,
    profile,
    help: values.help === true
  }
}

interface Values {
  only?: string
  subjects?: string
  pairs?: string
  quick?: boolean
  json?: string
  docs?: string
  profile?: string
  help?: boolean
}

function parse (args: readonly string[]): Values {
  try {
    return parseArgs({
      // parseArgs has no options whose value may be left out
      args: args.map(arg => arg === '--profile' ? '--profile=' : arg),
      options: {
        only: { type: 'string' },
        subjects: { type: 'string' },
        pairs: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        docs: { type: 'string' },
        profile: { type: 'string' },
        help: { type: 'boolean' }
      }
    }).values
  } catch (err) {
    throw new UsageError(err instanceof Error ? err.message : String(err))
  }
}

function list <T extends string> (option: string, value: string | undefined, known: readonly T[]): T[] {
  if (value == null) {
    return [...known]
  }

  const asked = value.split(',').map(name => name.trim())
  const unknown = asked.find(name => !known.some(k => k === name))

  if (unknown != null) {
    throw new UsageError(`--${option}: there is no "${unknown}", only ${known.join(', ')}`)
  }

  // in the order of the known names, which is that of the table
  return known.filter(name => asked.includes(name))
}

function positive (option: string, value: string): number {
  const number = Number(value)

  if (!Number.isSafeInteger(number) || number < 1) {
    throw new UsageError(`--${option}: "${value}" is not a whole number above 0`)
  }

  return number
}
