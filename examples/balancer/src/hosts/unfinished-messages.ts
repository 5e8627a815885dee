import type { EventEmitter } from 'node:events'

/** What a WebSocket of the ws package has received of a message that is not complete. Its receiver is private to it. */
export interface ReceivingSocket extends Pick<EventEmitter, 'on'> {
  readonly _receiver?: {
    readonly _bufferedBytes: number
    readonly _buffers: readonly unknown[]
    readonly _messageLength: number
    readonly _fragments: readonly unknown[]
  } | null
  terminate (): void
}

/** Bounds of messages that are under way. */
export interface UnfinishedLimits {
  /** A message must be complete so long after its first byte, ms. */
  timeout: number
  /** What all unfinished messages may hold together, bytes. Beyond it the sockets that hold most are closed. */
  total: number
}

/** Each piece is an object, a view and a buffer of its own: what that costs beside its bytes. */
const PIECE = 512

/**
 * Looks after messages that do not end.
 *
 * @param sockets - those that are open at the moment
 * @returns is to be called every now and then
 */
export function endUnfinished (sockets: Iterable<ReceivingSocket>, { timeout, total }: UnfinishedLimits, now: () => number): () => void {
  const since = new WeakMap<ReceivingSocket, number>()

  function begin (socket: ReceivingSocket): number {
    const time = now()
    // one that comes after another is a new one, though there is always something under way
    socket.on('message', () => { since.set(socket, now()) })
    since.set(socket, time)

    return time
  }

  return () => {
    const unfinished: Array<{ socket: ReceivingSocket, size: number }> = []
    let sum = 0

    for (const socket of sockets) {
      const start = since.get(socket) ?? begin(socket)
      const size = held(socket)

      if (size === 0) {
        since.set(socket, now())
      } else if (now() - start >= timeout) {
        socket.terminate()
      } else {
        unfinished.push({ socket, size })
        sum += size
      }
    }

    if (sum > total) {
      unfinished.sort((a, b) => b.size - a.size)

      for (const { socket, size } of unfinished) {
        if (sum <= total) {
          break
        }
        socket.terminate()
        sum -= size
      }
    }
  }
}

/** What a message that is not complete costs. */
function held ({ _receiver: receiver }: ReceivingSocket): number {
  return receiver == null
    ? 0
    : receiver._bufferedBytes + receiver._messageLength + PIECE * (receiver._buffers.length + receiver._fragments.length)
}
