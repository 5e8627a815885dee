import { parseArgs } from 'node:util'
import { UsageError } from '../errors.ts'
import { splitStrategies } from '../strategies.ts'

/** The options of the command line. */
export interface Options {
  /** Names, paths and `all`, in the order of the command line. */
  readonly scenarios: readonly string[]
  /** As written. Empty: the strategies of each scenario. */
  readonly strategies: readonly string[]
  readonly seed: number
  /** The factor by which the time of each scenario is multiplied. */
  readonly scale: number
  /** Where to write results. `-` is standard output; everything else then goes to standard error. */
  readonly json?: string
  /** Where to write the report. Undefined: the folder for temporary files. */
  readonly html?: string
  readonly report: boolean
  /** Where to write a recording; there must be only one run. */
  readonly record?: string
  /** Replays recordings on the engine with the named strategy, and simulates nothing. */
  readonly replay: boolean
  /** Titles of the columns to print. Undefined: all that have a value. */
  readonly columns?: readonly string[]
  /** A document to write figures into. */
  readonly docs?: string
  /** Compare the document's figures instead of writing them. */
  readonly check: boolean
  /** Print the parameters of the scenarios and simulate nothing. */
  readonly describe: boolean
  readonly list: boolean
  readonly help: boolean
}

/** What `--help` prints. */
export const USAGE = `kitsune-simulate --scenario NAME [options]

  --scenario NAME     a built-in scenario, all, or a path to a file: a module that exports "scenario",
                      JSON, or a recording (.ndjson); repeat it for more
  --strategies LIST   all, or strategies separated by semicolons (or commas outside of parentheses) as
                      they are written in configurations, as in "round-robin;bounded-load(rendezvous, 1.5)";
                      a path to a module is your own strategy (default: the scenario's list)
  --seed N            a whole number; the same seed gives the same results (default: 1)
  --scale X           multiply the scenario's duration (default: 1)
  --json FILE         write all results as JSON; - is standard output
  --html FILE         where to write the report with plots (default: among temporary files)
  --no-html           write no report
  --record FILE       write a recording of the run, of which there must be one
  --replay            put a recording through the engine again, with the strategy that was recorded, and
                      say whether it decides the same
  --columns LIST      the columns to print, separated by commas, by their titles; "share NAME" is a member's
                      share of all asks, "asks NAME" are the asks of a member for each want
  --docs FILE         write figures into a document, wherever it has a line "<!-- simulate ARGUMENTS -->";
                      with --scenario only those of that scenario; with --check compare them instead
  --describe          print every parameter of the scenarios with its meaning, and stop
  --list              print the names of scenarios and strategies, and stop
  --help`

/** @throws {UsageError} with one line that says which option is wrong */
export function parseOptions (args: readonly string[]): Options {
  const values = parse(args)

  return {
    scenarios: values.scenario ?? [],
    strategies: (values.strategies ?? []).flatMap(splitStrategies),
    seed: seed(values.seed ?? '1'),
    scale: scale(values.scale ?? '1'),
    json: values.json,
    html: values.html,
    report: values['no-html'] !== true,
    record: values.record,
    replay: values.replay === true,
    columns: values.columns?.split(',').map(title => title.trim()),
    docs: values.docs,
    check: values.check === true,
    describe: values.describe === true,
    list: values.list === true,
    help: values.help === true
  }
}

interface Values {
  scenario?: string[]
  strategies?: string[]
  seed?: string
  scale?: string
  json?: string
  html?: string
  'no-html'?: boolean
  record?: string
  replay?: boolean
  columns?: string
  docs?: string
  check?: boolean
  describe?: boolean
  list?: boolean
  help?: boolean
}

function parse (args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', multiple: true },
        strategies: { type: 'string', multiple: true },
        seed: { type: 'string' },
        scale: { type: 'string' },
        json: { type: 'string' },
        html: { type: 'string' },
        'no-html': { type: 'boolean' },
        record: { type: 'string' },
        replay: { type: 'boolean' },
        columns: { type: 'string' },
        docs: { type: 'string' },
        check: { type: 'boolean' },
        describe: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean' }
      }
    }).values
  } catch (err) {
    throw new UsageError(err instanceof Error ? err.message.replaceAll('\n', ' ') : String(err))
  }
}

function seed (value: string): number {
  const number = Number(value)

  if (!Number.isSafeInteger(number) || number < 0) {
    throw new UsageError(`--seed: "${value}" is not a whole number of at least 0`)
  }

  return number
}

function scale (value: string): number {
  const number = Number(value)

  if (!(number > 0 && number < Infinity)) {
    throw new UsageError(`--scale: "${value}" is not a number above 0`)
  }

  return number
}
