import { nextPass } from './next-pass.ts'

/**
 * The end of a tick, which is a pass of the event loop, in two parts: first it is decided what follows from all that was
 * read, then all that is to be sent is sent, on each connection at once. Had each part a separate immediate, what the first
 * one decides would leave a pass later, or in a second system call.
 */
export interface EndOfTick {
  /** Calls once, before anything is sent: for `wantRouter({ endOfTick })`. */
  decide (run: () => void): void
  /** Calls a flush once, however often it is given in a tick. */
  send (flush: () => void): void
}

/** Creates the end of a tick for hosts, and routers on them, that may work for one another. */
export function createEndOfTick (): EndOfTick {
  let deciding: Array<() => void> = []
  let sending = new Set<() => void>()
  let scheduled = false

  function schedule (): void {
    if (!scheduled) {
      scheduled = true
      nextPass(end)
    }
  }

  function end (): void {
    const decisions = deciding
    deciding = []
    decisions.forEach(run)

    const flushes = sending
    sending = new Set()
    flushes.forEach(run)

    // what these have left to be done waits, so that sockets are read in between
    scheduled = false

    if (deciding.length > 0 || sending.size > 0) {
      schedule()
    }
  }

  return {
    decide (decision) {
      deciding.push(decision)
      schedule()
    },
    send (flush) {
      sending.add(flush)
      schedule()
    }
  }
}

/** What one throws is the process's to handle, and keeps none of the others from its turn. */
function run (callback: () => void): void {
  try {
    callback()
  } catch (err) {
    queueMicrotask(() => { throw err })
  }
}

/** For all hosts of a process, where an immediate may serve any connection. */
export const endOfTick = createEndOfTick()
