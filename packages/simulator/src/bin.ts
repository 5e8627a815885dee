#!/usr/bin/env node
import { inspect } from 'node:util'
import { parseOptions } from './cli/args.ts'
import { run } from './cli/command.ts'
import { ScenarioError, UsageError } from './errors.ts'

try {
  process.exitCode = await run(parseOptions(process.argv.slice(2)), process)
} catch (err) {
  // a mistake of the user is reported in one line, a bug with its stack
  const usersMistake = err instanceof UsageError || err instanceof ScenarioError
  process.stderr.write(`${usersMistake ? err.message : inspect(err)}\n`)
  process.exitCode = usersMistake ? 2 : 1
}
