import { readFileSync } from 'node:fs'
import { defaultLogger } from '@libp2p/logger'
import { NAME } from './version.ts'
import type { BalancerOptions } from './balancer.ts'
import type { Surroundings } from './main.ts'

/** This process, for `main`. Only entry points call it. */
export function processSurroundings (): Surroundings {
  let onUnhandled = (reason: unknown): void => {
    process.stderr.write(`${NAME}: unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}\n`)
  }

  // a rejection that libp2p forgot to handle is one stream's misfortune and
  // must not end everybody's
  process.on('unhandledRejection', (reason) => { onUnhandled(reason) })

  // whoever read the log has gone: no reason to go, too
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {})
  }

  return {
    argv: process.argv.slice(2),
    env: process.env,
    readFile: path => readFileSync(path, 'utf8'),
    print: line => { process.stdout.write(`${line}\n`) },
    complain: line => { process.stderr.write(`${line}\n`) },
    signal: signals(),
    unhandled: listener => { onUnhandled = listener }
  }
}

/**
 * Until somebody waits for a signal, one ends the process as it does any other:
 * files are read synchronously then, and one that never ends would keep a listener
 * from being called.
 */
function signals (): () => Promise<string> {
  const arrived: string[] = []
  const awaited: Array<(name: string) => void> = []
  let listening = false

  function onSignal (name: string): void {
    const resolve = awaited.shift()

    if (resolve == null) {
      arrived.push(name)
    } else {
      resolve(name)
    }
  }

  return async () => new Promise((resolve) => {
    if (!listening) {
      listening = true
      process.on('SIGTERM', onSignal)
      process.on('SIGINT', onSignal)
    }

    const name = arrived.shift()

    if (name == null) {
      awaited.push(resolve)
    } else {
      resolve(name)
    }
  })
}

/** libp2p's logger if DEBUG asks for one. */
export function processOptions (): Pick<BalancerOptions, 'logger'> {
  return process.env.DEBUG == null ? {} : { logger: defaultLogger() }
}
