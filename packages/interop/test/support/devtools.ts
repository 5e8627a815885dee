/** A connection to Chromium by its DevTools protocol. */
export interface DevTools {
  /** `session`: that of a page; without it, the browser is called. */
  call <Result> (method: string, params?: object, session?: string): Promise<Result>
  /** Calls with the next event of that name. */
  once <Params> (event: string, session: string, listener: (params: Params) => void): void
  close (): void
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly sessionId?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

export async function connectDevTools (url: string): Promise<DevTools> {
  const socket = new WebSocket(url)
  const calls = new Map<number, PromiseWithResolvers<never>>()
  const listeners = new Map<string, (params: never) => void>()
  let last = 0

  socket.addEventListener('message', ({ data }) => {
    const { id, method, sessionId, params, result, error }: Message = JSON.parse(data)

    if (id == null) {
      const name = `${sessionId} ${method}`
      const listener = listeners.get(name)
      listeners.delete(name)
      listener?.(params as never)

      return
    }

    const call = calls.get(id)
    calls.delete(id)

    if (error == null) {
      call?.resolve(result as never)
    } else {
      call?.reject(new Error(error.message))
    }
  })
  socket.addEventListener('close', () => {
    for (const { reject } of calls.values()) {
      reject(new Error('Chromium has ended'))
    }
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => { resolve() })
    socket.addEventListener('error', () => { reject(new Error('Chromium does not answer')) })
  })

  return {
    async call (method, params = {}, sessionId = undefined) {
      const id = ++last
      const call = Promise.withResolvers<never>()
      calls.set(id, call)
      socket.send(JSON.stringify({ id, method, params, sessionId }))

      return call.promise
    },
    once (event, session, listener) {
      listeners.set(`${session} ${event}`, listener)
    },
    close () { socket.close() }
  }
}
