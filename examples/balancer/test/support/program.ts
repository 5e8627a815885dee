import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** How a program ended. */
export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

/** A program of this package, as built. */
export interface Program {
  /** Resolves with the first line of stdout that matches. */
  line (pattern: RegExp): Promise<string>
  signal (name: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

const running = new Set<() => void>()

/** Starts `dist/src/<name>.js`, with no KITSUNE_ variables but those given. */
export function startProgram (name: 'bin' | 'start' | 'fetch', argv: readonly string[], { cwd, env = {} }: { cwd: string, env?: Record<string, string> }): Program {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KITSUNE_') && name !== 'DEBUG'))
  const child = spawn(process.execPath, [fileURLToPath(new URL(`./${name}.js`, import.meta.resolve('kitsune-balancer'))), ...argv], {
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
  child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text })

  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      running.delete(kill)
      resolve({ code, stdout, stderr })
      waiting.forEach(look => { look() })
    })
  })

  return {
    line: async (pattern) => new Promise((resolve, reject) => {
      const look = (): void => {
        const found = stdout.split('\n').slice(0, -1).find(line => pattern.test(line))

        if (found != null) {
          resolve(found)
        } else if (child.exitCode != null) {
          reject(new Error(`ended with ${child.exitCode} and no line like ${pattern}: ${stdout}${stderr}`))
        }
      }

      waiting.push(look)
      look()
    }),
    signal: name => { child.kill(name) },
    ended
  }
}

/** Kills what a failed test has left. */
export function killPrograms (): void {
  running.forEach(kill => { kill() })
}
