import { parseArgs } from 'node:util'
import { ConfigError } from '../errors.ts'
import { OPTIONS } from './options.ts'
import { redact } from './secret.ts'
import type { Option, OptionName } from './options.ts'

/** A value together with the place that it came from, for messages. */
export interface Setting {
  /** `-d`, `KITSUNE_LISTEN`, `balancer.json: grace`. */
  readonly origin: string
  /** As written: text from flags and environment, any JSON from the file. */
  readonly value: unknown
}

/** The settings of all layers; of an option given twice only the stronger. */
export type Settings = Partial<Record<OptionName, Setting>>

/** Where settings come from. */
export interface Sources {
  /** Arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads a text file; throws as `fs.readFileSync` does. */
  readFile (path: string): string
}

/**
 * Collects the settings: flags over environment over file. An option is taken
 * whole from the strongest place; lists are not joined across places.
 *
 * @throws {ConfigError} an unknown flag or key, or a file that cannot be read
 */
export function collectSettings (sources: Sources): Settings {
  const flags = fromFlags(sources.argv)
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
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: Object.fromEntries(entries().map(([, option]) => [option.flag, {
        type: option.kind === 'switch' ? 'boolean' as const : 'string' as const,
        multiple: option.kind === 'list',
        ...(option.short == null ? {} : { short: option.short })
      }]))
    }).values
  } catch (err) {
    // node:util explains at length from the second sentence on
    const [message] = (err as Error).message.split(/\.\s|\n/)

    throw new ConfigError(redact(`${message.replace(/\.$/, '')} (see --help)`))
  }
}

function fromEnvironment (env: Sources['env']): Settings {
  const settings: Settings = {}

  // other KITSUNE_* variables are no error: Kubernetes sets KITSUNE_PORT and
  // the like by itself in the neighbourhood of a service called kitsune
  for (const [name, option] of entries()) {
    const value = option.env == null ? undefined : env[option.env]

    if (value != null && value !== '') {
      settings[name] = { origin: option.env ?? '', value }
    }
  }

  return settings
}

function fromFile ({ origin, value }: Setting, { readFile }: Sources): Settings {
  const path = String(value)
  let content: unknown

  try {
    content = JSON.parse(readFile(path))
  } catch (err) {
    throw new ConfigError(`${origin}: cannot read the config file ${path}: ${oneLine(err)}`)
  }

  if (content == null || typeof content !== 'object' || Array.isArray(content)) {
    throw new ConfigError(`${path}: must hold a JSON object`)
  }

  const settings: Settings = {}
  const names = new Map(entries().filter(([, option]) => option.file != null).map(([name, option]) => [option.file, name]))

  for (const [key, value] of Object.entries(content)) {
    const name = names.get(key)

    if (name == null) {
      throw new ConfigError(`${path}: unknown key "${key}"; known are ${[...names.keys()].join(', ')}`)
    }

    settings[name] = { origin: `${path}: ${key}`, value }
  }

  return settings
}

/** The message of whatever was thrown, without line breaks. */
export function oneLine (err: unknown): string {
  return (err instanceof Error ? err.message : String(err)).replace(/\s*\n\s*/g, ' ')
}

function entries (): Array<[OptionName, Option]> {
  return Object.entries(OPTIONS) as Array<[OptionName, Option]>
}
