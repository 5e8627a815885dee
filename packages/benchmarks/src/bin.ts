import { inspect } from 'node:util'
import { USAGE, parseOptions } from './args.ts'
import { bench } from './bench.ts'
import { MissingToolError, UsageError } from './errors.ts'
import { print } from './print.ts'

try {
  const options = parseOptions(process.argv.slice(2))

  if (options.help) {
    print(USAGE)
  } else {
    await bench(options)
  }

  // children and their pipes are gone, but a child that did not die must not keep this process alive
  process.exit(0)
} catch (err) {
  // a mistake of the user is reported in one line, a bug with its stack
  process.stderr.write(`${err instanceof UsageError || err instanceof MissingToolError ? err.message : inspect(err)}\n`)
  process.exit(err instanceof UsageError ? 2 : 1)
}
