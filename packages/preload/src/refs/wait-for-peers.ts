import type { Timers } from '../timers.ts'

interface WaitInit {
  /** Whether a peer of the client is connected. */
  found (): boolean
  /** Calls when that may have changed, until the result is called. */
  watch (listener: () => void): () => void
  readonly ms: number
  readonly timers: Timers
  readonly signal: AbortSignal
}

/**
 * Resolves when a peer of the client is connected, or after some time: a client may ask
 * before its connection is there, and may ask for what members have already. Rejects
 * with the signal's reason, if it aborts.
 */
export async function waitForPeers ({ found, watch, ms, timers, signal }: WaitInit): Promise<void> {
  signal.throwIfAborted()

  if (found()) {
    return
  }

  let stop: Array<() => void> = []

  try {
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => { reject(signal.reason) }
      signal.addEventListener('abort', abort)
      stop = [
        () => { signal.removeEventListener('abort', abort) },
        timers.after(ms, resolve),
        watch(() => {
          if (found()) {
            resolve()
          }
        })
      ]
    })
  } finally {
    stop.forEach(undo => { undo() })
  }
}
