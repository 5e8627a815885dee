import { nextPass } from './next-pass.ts'

/**
 * The end of a tick, i.e. of a pass of the event loop, in two parts: first the router decides
 * what to send because of everything that was read, then each connection sends all of its data
 * at once. With a separate immediate for each part, the results of the decisions would leave a
 * pass later, or with a second system call.
 */
export interface EndOfTick {
  /** Calls once, before anything is sent: for `wantRouter({ endOfTick })`. */
  decide (run: () => void): void
  /** Calls a flush once, even if it is passed several times in a tick. */
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

    // work that these have scheduled waits for the next pass, so that sockets are read in between
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

/** An error is thrown again outside of the loop, so that the process sees it and the other callbacks still run. */
function run (callback: () => void): void {
  try {
    callback()
  } catch (err) {
    queueMicrotask(() => { throw err })
  }
}

/** For all hosts of a process, where an immediate may serve any connection. */
export const endOfTick = createEndOfTick()
