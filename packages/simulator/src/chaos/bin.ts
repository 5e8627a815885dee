#!/usr/bin/env node
import { inspect } from 'node:util'
import { UsageError } from '../errors.ts'
import { runChaos } from './command.ts'

try {
  process.exitCode = await runChaos(process.argv.slice(2), process)
} catch (err) {
  // a mistake of the user is reported in one line, a bug with its stack
  process.stderr.write(`${err instanceof UsageError ? err.message : inspect(err)}\n`)
  process.exitCode = err instanceof UsageError ? 2 : 1
}
