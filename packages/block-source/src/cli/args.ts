import { parseArgs } from 'node:util'
import { UsageError } from './errors.ts'

/** The commands of `kitsune-index`. */
export type CommandName = 'add' | 'ls' | 'check' | 'rm' | 'compact'

/** What the command line says. */
export interface Args {
  readonly command: CommandName | 'help'
  /** Where the CARs are: a folder, or `s3://bucket`. */
  readonly target: string
  /** Files to add, or CARs in the target. */
  readonly cars: readonly string[]
  readonly endpoint?: string
  readonly region?: string
  readonly virtualHost: boolean
  readonly dryRun: boolean
  readonly json: boolean
}

/** What `--help` prints. */
export const HELP = `kitsune-index: CAR files in object storage, and the indexes of their blocks

  kitsune-index add <file.car>... --to <target>   upload CARs, index them, list them
  kitsune-index ls <target>                       print the CARs in the target
  kitsune-index check <target> [<car>...]         read and hash every block, compare with the indexes
  kitsune-index rm <target> <car>...              remove CARs
  kitsune-index compact <target>                  merge the shards of the block map

<target> is a folder or s3://<bucket>. <car> is the CID of a CAR, as ls prints it.

  --endpoint <url>   the URL of the S3 API; default: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's
  --region <name>    default: AWS_REGION, else us-east-1; for R2: auto
  --virtual-host     put the bucket into the host name instead of the path
  --dry-run          add, rm: print what would be done, without doing it
  --json             print one JSON object per line
  --help

Credentials: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
Exit codes: 0, 1 if something failed, 2 for invalid arguments, 130 if interrupted.`

const OPTIONS = {
  to: { type: 'string' },
  endpoint: { type: 'string' },
  region: { type: 'string' },
  'virtual-host': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
} as const

const S3_OPTIONS = ['endpoint', 'region', 'virtual-host'] as const

const COMMANDS = new Set<string>(['add', 'ls', 'check', 'rm', 'compact'])

/** @throws {UsageError} if the arguments are invalid */
export function parseCommandLine (argv: readonly string[]): Args {
  const { values, positionals } = parse(argv)
  const [command, ...rest] = positionals

  if (values.help === true || command == null) {
    return { command: 'help', target: '', cars: [], virtualHost: false, dryRun: false, json: false }
  }

  if (!isCommand(command)) {
    throw new UsageError(`${JSON.stringify(command)} is not a command: use add, ls, check, rm or compact`)
  }

  const [target, cars] = command === 'add' ? [values.to, rest] : [rest[0], rest.slice(1)]

  if (target == null || target === '') {
    throw new UsageError(command === 'add' ? 'add: name the target with --to' : `${command}: name the folder or bucket`)
  }

  if (command !== 'add' && values.to != null) {
    throw new UsageError(`--to is for add: ${command} takes its target as an argument`)
  }

  if ((command === 'add' || command === 'rm') && cars.length === 0) {
    throw new UsageError(`${command}: name at least one CAR`)
  }

  if ((command === 'ls' || command === 'compact') && cars.length > 0) {
    throw new UsageError(`${command} takes one argument, not ${cars.length + 1}`)
  }

  if (values['dry-run'] === true && command !== 'add' && command !== 'rm') {
    throw new UsageError(`--dry-run is for add and rm, and not for ${command}`)
  }

  const s3Option = S3_OPTIONS.find(name => values[name] != null)

  if (s3Option != null && !target.includes('://')) {
    throw new UsageError(`--${s3Option} is for s3://<bucket>, and ${target} is a folder`)
  }

  return {
    command,
    target,
    cars,
    endpoint: values.endpoint,
    region: values.region,
    virtualHost: values['virtual-host'] ?? false,
    dryRun: values['dry-run'] ?? false,
    json: values.json ?? false
  }
}

function parse (argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS, allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (err) {
    throw new UsageError(err instanceof Error ? err.message : String(err))
  }
}

function isCommand (name: string): name is CommandName {
  return COMMANDS.has(name)
}
