/** Carries messages between processes, such as Redis does. It may lose messages: a registry says everything again. */
export interface Bus {
  /** Sends a message, or drops it if that cannot be done now. Never queues without limit, and never throws. */
  publish (channel: string, message: string): void
  /** Calls for each message in a channel, those of this process as well, until the result is called. */
  subscribe (channel: string, listener: (message: string) => void): () => void
  /** What was published has not come back for a while: connect again. */
  reset (): void
}

/** A bus within one process, for several handlers or for tests. Messages arrive in the next microtask. */
export function memoryBus (): Bus {
  const channels = new Map<string, Set<(message: string) => void>>()

  return {
    publish (channel, message) {
      queueMicrotask(() => {
        for (const listener of [...channels.get(channel) ?? []]) {
          listener(message)
        }
      })
    },

    subscribe (channel, listener) {
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners)
      listeners.add(listener)

      return () => { listeners.delete(listener) }
    },

    reset () {}
  }
}
