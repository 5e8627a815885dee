import type { ConnectedPeers } from '../clients/connected-peers.ts'
import type { Timers } from '../timers.ts'

export interface WaitInit {
  readonly ms: number
  readonly timers: Timers
  readonly signal: AbortSignal
}

/**
 * Resolves when a peer of the client is connected, or after some time: a client may ask
 * before its connection is there, and may ask for what members have already. Rejects
 * with the signal's reason, if it aborts.
 */
export async function waitForPeers (peers: ConnectedPeers, who: Parameters<ConnectedPeers['find']>[0], { ms, timers, signal }: WaitInit): Promise<void> {
  signal.throwIfAborted()
  if (peers.find(who).length > 0) {
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
        peers.onConnect(() => {
          if (peers.find(who).length > 0) {
            resolve()
          }
        })
      ]
    })
  } finally {
    stop.forEach(undo => { undo() })
  }
}
