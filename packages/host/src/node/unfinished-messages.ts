import type { WarnMissing } from '../warn.ts'
import type { EventEmitter } from 'node:events'

/** A WebSocket of the ws package, with the parts of an unfinished message that it has received. The receiver is a private field. */
export interface ReceivingSocket extends Pick<EventEmitter, 'on'> {
  readonly _receiver?: {
    readonly _bufferedBytes?: number
    readonly _buffers?: readonly unknown[]
    readonly _messageLength?: number
    readonly _fragments?: readonly unknown[]
  } | null
  terminate (): void
}

/** Limits of unfinished messages. */
export interface UnfinishedLimits {
  /** A message must be complete this long after its first byte, ms. */
  timeout: number
  /** How much all unfinished messages may hold together, bytes. Beyond that, the sockets that hold most are closed. */
  total: number
  warnMissing: WarnMissing
}

/** The cost of each piece in addition to its bytes: each is an object, a view and a separate buffer. */
const PIECE = 512

/**
 * Creates a check that closes sockets whose messages do not end.
 *
 * @param sockets - the sockets that are open at the moment
 * @returns the check, to be called regularly
 */
export function createUnfinishedCheck (sockets: Iterable<ReceivingSocket>, { timeout, total, warnMissing }: UnfinishedLimits, now: () => number): () => void {
  const since = new WeakMap<ReceivingSocket, number>()

  function begin (socket: ReceivingSocket): number {
    const time = now()
    // each message gets its own time, even if the socket always has an unfinished one
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

      if (Number.isNaN(size)) {
        warnMissing('ws', '_receiver of a socket', 'unfinished messages may take any amount of memory and time')
      } else if (size === 0) {
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

/** The memory that an unfinished message takes, bytes; NaN if it cannot be seen. */
function held ({ _receiver: receiver }: ReceivingSocket): number {
  // null while the socket is not open
  return receiver === null
    ? 0
    : Number(receiver?._bufferedBytes) + Number(receiver?._messageLength) + PIECE * (Number(receiver?._buffers?.length) + Number(receiver?._fragments?.length))
}
