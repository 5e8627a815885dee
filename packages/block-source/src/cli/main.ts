import { HELP, parseCommandLine } from './args.ts'
import { COMMANDS } from './commands.ts'
import { UsageError } from './errors.ts'
import { CarLibrary } from './library.ts'
import { createReporter } from './reporter.ts'
import { openTarget } from './target.ts'
import type { Args } from './args.ts'
import type { ProcessContext } from './process-context.ts'
import type { Environment } from './target.ts'
import type { UploadStore } from '../map/map-store.ts'

/** Options that tests set. */
export interface MainInit {
  /** Opens the store of the CARs. Default: the target that the arguments name */
  open? (args: Args, env: Environment): UploadStore
}

/** The exit codes of the command. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const

/**
 * Runs `kitsune-index`.
 *
 * @returns the exit code
 */
export async function main (context: ProcessContext, { open = openTarget }: MainInit = {}): Promise<number> {
  try {
    const args = parseCommandLine(context.argv)

    if (args.command === 'help') {
      context.print(HELP)

      return EXIT.ok
    }

    const reporter = createReporter(context, args.json)
    await COMMANDS[args.command]({ args, library: new CarLibrary(open(args, context.env)), reporter, signal: context.signal })

    return reporter.failed ? EXIT.failed : EXIT.ok
  } catch (err) {
    if (context.signal.aborted) {
      context.complain('kitsune-index: interrupted; run the same command again to continue')

      return EXIT.interrupted
    }

    context.complain(`kitsune-index: ${err instanceof Error ? err.message : String(err)}`)

    return err instanceof UsageError ? EXIT.usage : EXIT.failed
  }
}
