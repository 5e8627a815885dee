#!/usr/bin/env node
import { main } from './main.ts'

// a rejection that libp2p does not handle concerns one stream and must not end the process for all clients
process.on('unhandledRejection', reason => { process.stderr.write(`kitsune-edge: unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}\n`) })

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
