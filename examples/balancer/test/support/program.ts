import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The result of a program. */
export interface Ended {
  code: number | null
  /** The signal that ended it, if it did not exit on its own. */
  killedBy: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A built program of this package that is running. */
export interface Program {
  /** Resolves with the first line of stdout that matches. */
  line (pattern: RegExp): Promise<string>
  /** Resolves with the first line of stderr that matches. */
  errorLine (pattern: RegExp): Promise<string>
  signal (name: NodeJS.Signals): void
  /** Closes this end of its stderr. */
  closeStderr (): void
  readonly ended: Promise<Ended>
}

const running = new Set<() => void>()

/** Starts `dist/src/<name>.js`, without KITSUNE_ variables except those in `env`. */
export function startProgram (name: 'bin' | 'start' | 'fetch', argv: readonly string[], { cwd, env = {}, nodeArgs = [] }: { cwd: string, env?: Record<string, string>, nodeArgs?: readonly string[] }): Program {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KITSUNE_') && name !== 'DEBUG'))
  const child = spawn(process.execPath, [...nodeArgs, fileURLToPath(new URL(`./${name}.js`, import.meta.resolve('kitsune-balancer'))), ...argv], {
    cwd,
    env: { ...clean, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const kill = (): void => { child.kill('SIGKILL') }
  let stdout = ''
  let stderr = ''
  const waiting: Array<() => void> = []

  running.add(kill)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    waiting.forEach(look => { look() })
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    waiting.forEach(look => { look() })
  })

  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code, killedBy) => {
      running.delete(kill)
      resolve({ code, killedBy, stdout, stderr })
      waiting.forEach(look => { look() })
    })
  })

  async function lineOf (read: () => string, pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = read().split('\n').slice(0, -1).find(line => pattern.test(line))

        if (found != null) {
          resolve(found)
        } else if (child.exitCode != null) {
          reject(new Error(`ended with ${child.exitCode} and no line like ${pattern}: ${stdout}${stderr}`))
        }
      }

      waiting.push(look)
      look()
    })
  }

  return {
    line: async pattern => lineOf(() => stdout, pattern),
    errorLine: async pattern => lineOf(() => stderr, pattern),
    signal: name => { child.kill(name) },
    closeStderr: () => { child.stderr.destroy() },
    ended
  }
}

/** Kills programs that a failed test has left running. */
export function killPrograms (): void {
  running.forEach(kill => { kill() })
}
