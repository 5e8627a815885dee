import { readdirSync, readFileSync } from 'node:fs'
import { RunError } from '../errors.ts'

/** The memory of an isolate, in bytes. */
export interface IsolateMemory {
  /** Of objects. */
  readonly heap: number
  /** Of buffers, beside the heap. */
  readonly buffers: number
}

/** Asks an isolate by its inspector, which collects nothing before: it is what was in use, and what may be freed. */
export async function isolateMemory (inspector: URL, name: string): Promise<IsolateMemory> {
  const url = new URL(`/core:user:${name}`, inspector)
  url.protocol = 'ws:'
  const socket = new WebSocket(url)
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => { resolve() }
    socket.onerror = () => { reject(new RunError(`the inspector does not answer at ${url}`)) }
  })

  async function call (id: number, method: string): Promise<{ usedSize?: number, backingStorageSize?: number }> {
    return new Promise((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => {
        const { id: of, result, error } = JSON.parse(String(data)) as { id?: number, result?: object, error?: { message: string } }

        if (of === id) {
          error == null ? resolve(result ?? {}) : reject(new RunError(`${method}: ${error.message}`))
        }
      })
      socket.send(JSON.stringify({ id, method }))
    })
  }

  try {
    const { usedSize = 0, backingStorageSize = 0 } = await call(1, 'Runtime.getHeapUsage')
    return { heap: usedSize, buffers: backingStorageSize }
  } finally {
    socket.close()
  }
}

/** The process ids of the workerds that this process has started. Linux only. */
export function workerdPids (): number[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number).filter(pid => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [, command, parent] = /\((.*)\) \S (\d+)/.exec(stat) ?? []
      return command === 'workerd' && Number(parent) === process.pid
    } catch {
      return false // it has ended
    }
  })
}
