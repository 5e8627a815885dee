import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { StartError } from './errors.ts'
import type { ChildProcess } from 'node:child_process'

export interface ProcessInit {
  /** Added to this process's environment. */
  env?: Record<string, string>
  /** What stands on standard input; default: nothing. */
  input?: AsyncIterable<Uint8Array>
}

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A child that cannot outlive this process. */
export interface RunningProcess {
  readonly pid: number
  /** The last 200 lines of standard output and error, for a failure's message. */
  readonly output: readonly string[]
  /** The first 200 lines of standard output. */
  readonly lines: readonly string[]
  readonly exited: Promise<Exit>
  /** Resolves with the first line of standard output that `match` accepts; rejects with StartError when the process ends before, or after `timeout` ms. */
  line (match: (line: string) => boolean, timeout?: number): Promise<string>
  signal (signal: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after `grace` ms (default 5,000); resolves when it is gone. */
  stop (grace?: number): Promise<Exit>
}

const OUTPUT_LINES = 200

const children = new Set<ChildProcess>()
const folders = new Set<string>()
let guarded = false

/**
 * Whatever ends this process (its last test, an exception, Ctrl-C, a runner's
 * SIGTERM) ends the children and removes the folders too.
 */
function guard (): void {
  if (guarded) {
    return
  }

  guarded = true

  process.on('exit', () => {
    for (const child of children) {
      child.kill('SIGKILL')
    }

    for (const folder of folders) {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
    process.once(signal, () => process.exit(code))
  }
}

/** A new empty folder, removed when this process ends or by removeFolder. */
export function temporaryFolder (name: string): string {
  guard()

  const folder = mkdtempSync(join(tmpdir(), `kitsune-${name}-`))
  folders.add(folder)

  return folder
}

export function removeFolder (folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  folders.delete(folder)
}

export function startProcess (command: string, args: readonly string[], init: ProcessInit = {}): RunningProcess {
  guard()

  const child = spawn(command, args, {
    env: { ...process.env, ...init.env },
    stdio: [init.input == null ? 'ignore' : 'pipe', 'pipe', 'pipe']
  })

  children.add(child)

  const output: string[] = []
  const waiting = new Set<(line: string) => void>()
  const lines: string[] = []

  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (err) => {
      output.push(err.message)
      children.delete(child)
      resolve({ code: null, signal: null })
    })
    // 'close' rather than 'exit': the output is complete then
    child.once('close', (code, signal) => {
      children.delete(child)
      resolve({ code, signal })
    })
  })

  for (const stream of [child.stdout, child.stderr]) {
    if (stream == null) {
      continue
    }

    createInterface({ input: stream }).on('line', (line) => {
      output.push(line)

      if (output.length > OUTPUT_LINES) {
        output.shift()
      }

      if (stream !== child.stdout) {
        return
      }

      if (lines.length < OUTPUT_LINES) {
        lines.push(line)
      }

      for (const wait of waiting) {
        wait(line)
      }
    })
  }

  if (init.input != null && child.stdin != null) {
    // a child that ends early closes its input: `exited` tells the caller
    pipeline(init.input, child.stdin).catch(() => {})
  }

  return {
    get pid () {
      return child.pid ?? -1
    },
    output,
    lines,
    exited,
    async line (match, timeout = 20_000) {
      const early = lines.find(match)

      if (early != null) {
        return early
      }

      return new Promise((resolve, reject) => {
        const fail = (why: string): void => {
          settle()
          reject(new StartError(`${command} ${args.join(' ')} ${why}:\n${output.join('\n')}`))
        }
        const timer = setTimeout(() => { fail(`did not say that it is ready within ${timeout} ms`) }, timeout)
        const onLine = (line: string): void => {
          if (match(line)) {
            settle()
            resolve(line)
          }
        }
        const settle = (): void => {
          clearTimeout(timer)
          waiting.delete(onLine)
        }

        waiting.add(onLine)
        void exited.then(({ code, signal }) => {
          if (waiting.has(onLine)) {
            fail(`ended (${signal ?? code}) before it was ready`)
          }
        })
      })
    },
    signal (signal) {
      child.kill(signal)
    },
    async stop (grace = 5_000) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), grace)

      try {
        return await exited
      } finally {
        clearTimeout(timer)
      }
    }
  }
}

/** Runs a command to its end and returns its standard output; throws StartError, with what it printed, when it fails. */
export async function runProcess (command: string, args: readonly string[], init: ProcessInit = {}): Promise<string> {
  const running = startProcess(command, args, init)
  const { code, signal } = await running.exited

  if (code !== 0) {
    throw new StartError(`${command} ${args.join(' ')} failed (${signal ?? code}):\n${running.output.join('\n')}`)
  }

  return running.lines.join('\n')
}
