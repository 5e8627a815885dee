import { readFileSync } from 'node:fs'
import { defaultLogger } from '@libp2p/logger'
import { NAME } from './version.ts'
import type { BalancerOptions } from './balancer.ts'
import type { Surroundings } from './main.ts'

/** This process, for `main`. Only entry points call it. */
export function processSurroundings (): Surroundings {
  const arrived: string[] = []
  const awaited: Array<(name: string) => void> = []

  for (const name of ['SIGTERM', 'SIGINT']) {
    process.on(name, () => {
      const resolve = awaited.shift()

      if (resolve == null) {
        arrived.push(name)
      } else {
        resolve(name)
      }
    })
  }

  // a rejection that libp2p forgot to handle is one stream's misfortune and
  // must not end everybody's
  process.on('unhandledRejection', (reason) => {
    process.stderr.write(`${NAME}: unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}\n`)
  })

  return {
    argv: process.argv.slice(2),
    env: process.env,
    readFile: path => readFileSync(path, 'utf8'),
    print: line => { process.stdout.write(`${line}\n`) },
    complain: line => { process.stderr.write(`${line}\n`) },
    signal: async () => new Promise((resolve) => {
      const name = arrived.shift()

      if (name == null) {
        awaited.push(resolve)
      } else {
        resolve(name)
      }
    })
  }
}

/** libp2p's logger if DEBUG asks for one. */
export function processOptions (): BalancerOptions {
  return process.env.DEBUG == null ? {} : { logger: defaultLogger() }
}
