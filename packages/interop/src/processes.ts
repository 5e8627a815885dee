import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { StartError } from './errors.ts'
import type { ChildProcess } from 'node:child_process'

/** The environment and the input of a process. */
export interface ProcessInit {
  /** Variables added to this process's environment. */
  env?: Record<string, string>
  /** Its standard input. Default: nothing. */
  input?: AsyncIterable<Uint8Array>
}

/** How a process ended: with an exit code or by a signal; the other one is null. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A child that cannot outlive this process. */
export interface RunningProcess {
  readonly pid: number
  /** The last 200 lines of standard output and error, for messages of failures. */
  readonly output: readonly string[]
  /** The first 200 lines of standard output. */
  readonly lines: readonly string[]
  readonly exited: Promise<Exit>
  /** Resolves with the first line of standard output that `match` accepts; rejects with StartError when the process ends before, or after `timeout` ms: then it is killed, since its test has no way to end it. */
  line (match: (line: string) => boolean, timeout?: number): Promise<string>
  signal (signal: NodeJS.Signals): void
  /** Sends SIGSTOP, and returns when all threads have stopped. */
  suspend (): void
  /** Sends SIGTERM, then SIGKILL after `grace` ms (default 5,000); resolves when it is gone. */
  stop (grace?: number): Promise<Exit>
}

const OUTPUT_LINES = 200
// how long threads may take to stop
const SUSPEND_MS = 1_000

const children = new Set<ChildProcess>()
const folders = new Set<string>()
let guarded = false

/**
 * When this process ends, for any reason (its last test, an exception, Ctrl-C, a
 * runner's SIGTERM), also ends the children and removes the folders.
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

/** Removes a folder with its content. */
export function removeFolder (folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  folders.delete(folder)
}

/** Starts a command. */
export function startProcess (command: string, args: readonly string[], init: ProcessInit = {}): RunningProcess {
  guard()

  return new Child(command, args, init)
}

class Child implements RunningProcess {
  readonly #command: string
  readonly #child: ChildProcess
  readonly #waiting = new Set<(line: string) => void>()
  readonly output: string[] = []
  readonly lines: string[] = []
  readonly exited: Promise<Exit>

  constructor (command: string, args: readonly string[], { env, input }: ProcessInit) {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: [input == null ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
    this.#command = `${command} ${args.join(' ')}`
    this.#child = child
    children.add(child)

    this.exited = new Promise<Exit>(resolve => {
      child.once('error', err => {
        this.output.push(err.message)
        children.delete(child)
        resolve({ code: null, signal: null })
      })
      // 'close' rather than 'exit': the output is complete then
      child.once('close', (code, signal) => {
        children.delete(child)
        resolve({ code, signal })
      })
    })

    if (child.stdout != null && child.stderr != null) {
      createInterface({ input: child.stderr }).on('line', line => { this.#note(line) })
      createInterface({ input: child.stdout }).on('line', line => {
        this.#note(line)
        this.#print(line)
      })
    }

    if (input != null && child.stdin != null) {
      // a child that ends early closes its input: `exited` tells the caller
      pipeline(input, child.stdin).catch(() => {})
    }
  }

  get pid (): number {
    return this.#child.pid ?? -1
  }

  async line (match: (line: string) => boolean, timeout = 20_000): Promise<string> {
    const early = this.lines.find(match)

    if (early != null) {
      return early
    }

    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(onLine)
      }

      const fail = (why: string): void => {
        settle()
        reject(new StartError(`${this.#command} ${why}:\n${this.output.join('\n')}`))
      }

      const timer = setTimeout(() => {
        fail(`did not say that it is ready within ${timeout} ms`)
        this.signal('SIGKILL')
      }, timeout)

      const onLine = (line: string): void => {
        if (match(line)) {
          settle()
          resolve(line)
        }
      }

      this.#waiting.add(onLine)
      void this.exited.then(({ code, signal }) => {
        if (this.#waiting.has(onLine)) {
          fail(`ended (${signal ?? code}) before it was ready`)
        }
      })
    })
  }

  signal (signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  suspend (): void {
    this.signal('SIGSTOP')
    const end = performance.now() + SUSPEND_MS

    while (!isStopped(this.pid) && performance.now() < end) { /* each thread stops when the kernel gets to it */ }
  }

  async stop (grace = 5_000): Promise<Exit> {
    this.signal('SIGTERM')
    const timer = setTimeout(() => { this.signal('SIGKILL') }, grace)

    try {
      return await this.exited
    } finally {
      clearTimeout(timer)
    }
  }

  #note (line: string): void {
    this.output.push(line)

    if (this.output.length > OUTPUT_LINES) {
      this.output.shift()
    }
  }

  #print (line: string): void {
    if (this.lines.length < OUTPUT_LINES) {
      this.lines.push(line)
    }

    for (const wait of this.#waiting) {
      wait(line)
    }
  }
}

/** Whether all threads of a process have stopped; true if that cannot be seen, as without /proc. */
function isStopped (pid: number): boolean {
  const tasks = `/proc/${pid}/task`

  try {
    return readdirSync(tasks).every(task => /\) [Tt] [^)]*$/.test(readFileSync(`${tasks}/${task}/stat`, 'latin1')))
  } catch {
    return true
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
