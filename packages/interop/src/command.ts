import { inspect, parseArgs } from 'node:util'
import { UsageError } from './errors.ts'
import type { ParseArgsConfig } from 'node:util'

type Options = NonNullable<ParseArgsConfig['options']>

/** The values of the options, as `parseArgs` of node:util returns them. */
export type OptionValues<O extends Options> = ReturnType<typeof parseArgs<{ options: O }>>['values']

/** The process that runs a command, as far as the command sees it. */
export interface CommandProcess {
  readonly argv: readonly string[]
  readonly stdout: { write (text: string): unknown }
  readonly stderr: { write (text: string): unknown }
  exitCode?: number | string | null
}

/**
 * Runs a command with the options of its command line, or prints `help` for `--help`.
 * A mistake of the user is reported in one line on stderr, with exit code 2; a bug with
 * its stack, with exit code 1.
 */
export async function runCommand<O extends Options> (help: string, options: O, main: (values: OptionValues<O>) => Promise<void>, process: CommandProcess = globalThis.process): Promise<void> {
  const args = process.argv.slice(2)

  if (args.includes('--help')) {
    process.stdout.write(help)

    return
  }

  try {
    await main(parse(args, options))
  } catch (err) {
    process.stderr.write(`${err instanceof UsageError ? err.message : inspect(err)}\n`)
    process.exitCode = err instanceof UsageError ? 2 : 1
  }
}

/**
 * Reads a number above 0 from the command line.
 *
 * @throws {UsageError} if it is invalid or more than `most`
 */
export function positive (option: string, text: string, most: number): number {
  const value = Number(text)

  if (!(value > 0 && value <= most)) {
    throw new UsageError(`--${option} must be a number above 0 and at most ${most}, not "${text}"`)
  }

  return value
}

/**
 * Reads a whole number above 0 from the command line.
 *
 * @throws {UsageError} if it is invalid or more than `most`
 */
export function whole (option: string, text: string, most: number): number {
  const value = Number(text)

  if (!(Number.isSafeInteger(value) && value >= 1 && value <= most)) {
    throw new UsageError(`--${option} must be a whole number from 1 to ${most}, not "${text}"`)
  }

  return value
}

function parse<O extends Options> (args: string[], options: O): OptionValues<O> {
  try {
    return parseArgs({ args, options }).values
  } catch (err) {
    throw new UsageError(err instanceof Error ? err.message.replaceAll('\n', ' ') : String(err))
  }
}
