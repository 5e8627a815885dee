#!/usr/bin/env node
import { reportStrayErrors } from '@kitsune/host/node'
import { main } from './main.ts'

reportStrayErrors(stack => { process.stderr.write(`kitsune-edge: not caught: ${stack}\n`) })

// a closed pipe of the output must not end the process
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {})
}

const stopped = new Promise<void>(resolve => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // the second one ends the process as usual
    process.once(name, () => { resolve() })
  }
})

process.exit(await main({
  argv: process.argv.slice(2),
  env: process.env,
  stopped,
  print: line => { process.stdout.write(`${line}\n`) },
  printError: line => { process.stderr.write(`${line}\n`) }
}))
