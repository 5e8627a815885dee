import { readFileSync } from 'node:fs'
import { reportStrayErrors } from '@kitsune/host/node'
import { defaultLogger } from '@libp2p/logger'
import { NAME } from './version.ts'
import { createWorkerLink } from './workers/worker.ts'
import type { BalancerOptions } from './balancer.ts'
import type { Sources } from './config/layers.ts'
import type { WorkerLink } from './workers/worker.ts'

/** Everything that the program uses of its process. */
export interface ProcessContext extends Sources {
  /** Writes a line to stdout. */
  print (line: string): void
  /** Writes a line to stderr. */
  printError (line: string): void
  /** Resolves with the name of the next SIGTERM or SIGINT. Before the first call these signals end the process. */
  nextSignal (): Promise<string>
  /** Calls the listener at each SIGHUP from now on. Before, one ends the process. */
  onHangUp (listener: () => void): void
  /** Calls the listener with the stack of each error of libp2p that nothing has caught, from now on. */
  onUncaught (listener: (stack: string) => void): void
  /** The link to the primary, if the process is a worker: it delivers signals, and announces the balancer. */
  readonly worker?: WorkerLink
}

/** The context of this process, for `main`. Only entry points call it. */
export function createProcessContext (): ProcessContext {
  let report = (stack: string): void => {
    process.stderr.write(`${NAME}: not caught: ${stack}\n`)
  }

  reportStrayErrors(stack => { report(stack) })

  // a closed pipe of the log must not end the process
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {})
  }

  const worker = createWorkerLink()

  return {
    worker,
    argv: process.argv.slice(2),
    env: process.env,
    readFile: path => readFileSync(path, 'utf8'),
    print: line => { process.stdout.write(`${line}\n`) },
    printError: line => { process.stderr.write(`${line}\n`) },
    nextSignal: createSignalQueue(worker?.onSignal ?? onProcessSignal),
    onHangUp: worker?.onHangUp ?? (listener => { process.on('SIGHUP', listener) }),
    onUncaught: listener => { report = listener }
  }
}

/**
 * Until its first call, a signal ends the process as usual: the program reads files
 * synchronously before that, and a file that never ends would keep a listener from
 * being called.
 */
function createSignalQueue (listen: (listener: (name: string) => void) => void): () => Promise<string> {
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
      listen(onSignal)
    }

    const name = arrived.shift()

    if (name == null) {
      awaited.push(resolve)
    } else {
      resolve(name)
    }
  })
}

function onProcessSignal (listener: (name: string) => void): void {
  process.on('SIGTERM', listener)
  process.on('SIGINT', listener)
}

/** Options for this process: libp2p's logger if DEBUG is set. */
export function processOptions (): Pick<BalancerOptions, 'logger'> {
  return process.env.DEBUG == null ? {} : { logger: defaultLogger() }
}
