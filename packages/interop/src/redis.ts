import { createConnection } from 'node:net'
import { freePort } from './free-port.ts'
import { removeFolder, startProcess, temporaryFolder } from './processes.ts'
import { poll } from './until.ts'
import type { RunningProcess } from './processes.ts'

/** A Redis in its own process, on its own port, that stores nothing on disk. */
export interface Redis {
  /** `redis://127.0.0.1:port` */
  readonly url: string
  /** Sends a command by Redis' inline protocol, and returns the first answer. */
  command (line: string): Promise<string>
  /** Sends SIGSTOP: it accepts connections but does not answer, until {@link resume}. */
  suspend (): void
  resume (): void
  /** Sends SIGKILL. */
  kill (): Promise<void>
  /** Starts it again after {@link kill}, on the same port; `args` are further options. */
  start (args?: readonly string[]): Promise<void>
  stop (): Promise<void>
}

/** Starts a Redis on a free port of loopback, which keeps its data only in memory. */
export async function startRedis (binary: string): Promise<Redis> {
  const folder = temporaryFolder('redis')
  const port = await freePort()
  let running: RunningProcess

  const redis: Redis = {
    url: `redis://127.0.0.1:${port}`,
    command: async line => command(port, line),
    suspend () { running.suspend() },
    resume () { running.signal('SIGCONT') },
    async kill () {
      running.signal('SIGKILL')
      await running.exited
    },
    async start (args = []) {
      running = startProcess(binary, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder, ...args])
      await poll(async () => /^[+-]/.test(await command(port, 'PING')), 'Redis to answer')
    },
    async stop () {
      await redis.kill()
      removeFolder(folder)
    }
  }
  await redis.start()

  return redis
}

async function command (port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 2_000 }, () => { socket.write(`${line}\r\n`) })

    socket.once('data', chunk => {
      socket.destroy()
      resolve(chunk.toString().trimEnd())
    })
    socket.once('timeout', () => { socket.destroy(new Error(`Redis does not answer ${line}`)) })
    socket.once('error', reject)
  })
}
