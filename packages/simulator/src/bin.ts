#!/usr/bin/env node
import { inspect } from 'node:util'
import { parseOptions } from './cli/args.ts'
import { run } from './cli/command.ts'
import { ScenarioError, UsageError } from './errors.ts'

try {
  process.exitCode = await run(parseOptions(process.argv.slice(2)), process)
} catch (err) {
  // what the user can mend takes a line, a fault of ours its stack
  const theirs = err instanceof UsageError || err instanceof ScenarioError
  process.stderr.write(`${theirs ? err.message : inspect(err)}\n`)
  process.exitCode = theirs ? 2 : 1
}
