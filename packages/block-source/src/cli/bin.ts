#!/usr/bin/env node
import { main } from './main.ts'

const controller = new AbortController()
let shown = 0

// a closed pipe of the output must not end the process
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', () => {})
}

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // the second one ends the process as usual
  process.once(name, () => { controller.abort(new Error(name)) })
}

process.exitCode = await main({
  argv: process.argv.slice(2),
  env: process.env,
  signal: controller.signal,
  print: line => { process.stdout.write(`${line}\n`) },
  complain: line => { process.stderr.write(`${line}\n`) },
  ...(process.stderr.isTTY ? { progress } : {})
})

/** Shows progress at most ten times a second: a terminal is slow. */
function progress (line: string): void {
  const now = performance.now()

  if (now - shown >= 100) {
    shown = now
    process.stderr.write(`\r${line.slice(0, 100)}\u001b[K\r`)
  }
}
