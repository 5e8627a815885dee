import { StartError } from './errors.ts'

/** The memory of an isolate, in bytes. */
export interface IsolateMemory {
  /** Of objects. */
  readonly heap: number
  /** Of buffers, beside the heap. */
  readonly buffers: number
}

/** The inspector of an isolate. */
export interface IsolateInspector {
  /** The memory in use, including garbage. */
  memory (): Promise<IsolateMemory>
  /** Frees garbage. */
  collect (): Promise<void>
  close (): void
}

/** Opens the inspector of a Worker, by its name. */
export async function inspectIsolate (inspector: URL, name: string): Promise<IsolateInspector> {
  const url = new URL(`/core:user:${name}`, inspector)
  url.protocol = 'ws:'
  const socket = new WebSocket(url)
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => { resolve() }
    socket.onerror = () => { reject(new StartError(`the inspector does not answer at ${url}`)) }
  })
  const calls = new Map<number, (answer: { result?: object, error?: { message: string } }) => void>()
  let last = 0

  socket.onmessage = ({ data }) => {
    const { id, ...answer } = JSON.parse(String(data)) as { id?: number, result?: object, error?: { message: string } }

    if (id != null) {
      calls.get(id)?.(answer)
      calls.delete(id)
    }
  }

  async function call (method: string): Promise<{ usedSize?: number, backingStorageSize?: number }> {
    return new Promise((resolve, reject) => {
      const id = ++last
      calls.set(id, ({ result, error }) => { error == null ? resolve(result ?? {}) : reject(new StartError(`${method}: ${error.message}`)) })
      socket.send(JSON.stringify({ id, method }))
    })
  }

  return {
    async memory () {
      const { usedSize = 0, backingStorageSize = 0 } = await call('Runtime.getHeapUsage')

      return { heap: usedSize, buffers: backingStorageSize }
    },
    async collect () { await call('HeapProfiler.collectGarbage') },
    close () { socket.close() }
  }
}
