import { parseArgs } from 'node:util'
import { ConfigError } from '../errors.ts'
import { parseConfigFile } from './config-file.ts'
import { OPTIONS } from './options.ts'
import { redact } from './secret.ts'
import { closest, didYouMean } from './suggestions.ts'
import type { Option } from './option.ts'
import type { OptionName } from './options.ts'

/** A value and its origin, for messages. */
export interface Setting {
  /** `-d`, `KITSUNE_LISTEN`, `balancer.json: grace`. */
  readonly origin: string
  /** The value as written: text from flags and environment, any JSON value from the file. */
  readonly value: unknown
}

/** The settings of all layers; if several layers set an option, the strongest layer decides. */
export type Settings = Partial<Record<OptionName, Setting>>

/** Where settings come from. */
export interface Sources {
  /** The arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a text file; throws like `fs.readFileSync`. */
  readFile (path: string): string
}

/**
 * Collects the settings: flags take precedence over the environment, and the
 * environment over the file. Lists of several layers are not joined.
 *
 * @throws {ConfigError} an unknown flag or key, or a file that cannot be read
 */
export function collectSettings (sources: Sources): Settings {
  const flags = fromFlags(sources.argv)

  if (flags.help == null && flags.version == null) {
    refuseMisspelt(sources.env)
  }

  const env = fromEnvironment(sources.env)
  const file = flags.config ?? env.config

  return {
    ...(file == null ? {} : fromFile(file, sources)),
    ...env,
    ...flags
  }
}

function fromFlags (argv: readonly string[]): Settings {
  const settings: Settings = {}
  const values = parseFlags(argv)

  for (const [name, option] of entries()) {
    const value = values[option.flag]

    if (value != null) {
      settings[name] = {
        origin: option.short == null ? `--${option.flag}` : `-${option.short}`,
        value
      }
    }
  }

  return settings
}

function parseFlags (argv: readonly string[]): Record<string, unknown> {
  try {
    return parseArgs({
      args: withNegativeNumbers(argv),
      strict: true,
      allowPositionals: false,
      options: Object.fromEntries(entries().map(([, option]) => [option.flag, {
        type: option.kind === 'switch' ? 'boolean' as const : 'string' as const,
        multiple: option.kind === 'list',
        ...(option.short == null ? {} : { short: option.short })
      }]))
    }).values
  } catch (err) {
    throw new ConfigError(redact(flagMistake(err as Error)))
  }
}

/** Turns `--grace -1` into `--grace=-1`, which node:util requires: no flag of the balancer begins with a digit. */
function withNegativeNumbers (argv: readonly string[]): string[] {
  const takesValue = new Set(entries()
    .filter(([, { kind }]) => kind !== 'switch')
    .flatMap(([, { flag, short }]) => short == null ? [`--${flag}`] : [`--${flag}`, `-${short}`]))
  const args: string[] = []

  for (const arg of argv) {
    const last = args.at(-1)

    if (last != null && takesValue.has(last) && /^-\d/.test(arg)) {
      args[args.length - 1] = last.startsWith('--') ? `${last}=${arg}` : `${last}${arg}`
    } else {
      args.push(arg)
    }
  }

  return args
}

function flagMistake (err: Error): string {
  // only the first sentence: node:util adds long explanations
  const [sentence] = err.message.split(/\.\s|\n/)
  const message = sentence.replace(/\.$/, '')
  const unknown = /^Unknown option '--([^']+)'/.exec(message)?.[1]
  const ambiguous = /^Option '([^']+)' argument is ambiguous/.exec(message)?.[1]

  if (ambiguous != null) {
    return `${ambiguous}: its value is missing, since another flag follows (see --help)`
  }

  const close = unknown == null ? undefined : closest(unknown, entries().map(([, { flag }]) => flag))

  return `${message}${close == null ? '' : `; did you mean --${close}?`} (see --help)`
}

function fromEnvironment (env: Sources['env']): Settings {
  const settings: Settings = {}

  for (const [name, option] of entries()) {
    const value = option.env == null ? undefined : env[option.env]

    if (value != null && value !== '') {
      settings[name] = { origin: option.env ?? '', value }
    }
  }

  return settings
}

// Kubernetes sets these variables if the namespace has a service called kitsune or kitsune-balancer
const KUBERNETES = /^KITSUNE_(\w+_)?(PORT(_\d+_\w+)?|SERVICE_HOST|SERVICE_PORT(_\w+)?)$/

/** KITSUNE_* variables that neither the balancer nor Kubernetes defines; they are ignored with a warning. */
export function unknownVariables (env: Sources['env']): string[] {
  const known = variables()

  return Object.keys(env).filter(name => name.startsWith('KITSUNE_') && !known.includes(name) && !KUBERNETES.test(name))
}

/** Refuses variables that resemble one of the balancer's, since they are probably misspelt. */
function refuseMisspelt (env: Sources['env']): void {
  for (const name of unknownVariables(env)) {
    const close = closest(name.slice('KITSUNE_'.length), variables().map(known => known.slice('KITSUNE_'.length)))

    if (close != null) {
      throw new ConfigError(`${name}: there is no such variable; did you mean KITSUNE_${close}?`)
    }
  }
}

function variables (): string[] {
  return entries().flatMap(([, { env }]) => env == null ? [] : [env])
}

function fromFile ({ origin, value }: Setting, { readFile }: Sources): Settings {
  const path = String(value)
  let content: unknown

  try {
    content = parseConfigFile(readFile(path))
  } catch (err) {
    if (err instanceof ConfigError) {
      throw new ConfigError(`${path}: ${err.message}`)
    }

    throw new ConfigError(`${origin}: cannot read the config file ${path}: ${oneLine(err)}`)
  }

  if (content == null || typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`${path}: must contain a JSON object`)
  }

  const settings: Settings = {}
  const names = new Map(entries().flatMap(([name, { file }]) => file == null ? [] : [[file, name] as const]))
  const known = [...names.keys()]

  for (const [key, value] of Object.entries(content)) {
    const name = names.get(key)

    if (name == null) {
      throw new ConfigError(`${path}: unknown key "${key}"${didYouMean(key, known) || `; known are ${known.join(', ')}`}`)
    }

    settings[name] = { origin: `${path}: ${key}`, value }
  }

  return settings
}

/** The message of a thrown value, without line breaks. */
export function oneLine (err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).replace(/\s*\n\s*/g, ' ')
}

function entries (): Array<[OptionName, Option]> {
  return Object.entries(OPTIONS) as Array<[OptionName, Option]>
}
