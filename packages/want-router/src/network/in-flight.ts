import type { NetworkLimits } from './defaults.ts'
import type { SentFrame } from './sent-frame.ts'

/** A queue of frames that left one stream a while ago and may not have arrived, oldest first. */
export interface InFlight {
  add (frame: SentFrame): void
  /** Forgets frames that left too long ago to be in flight. */
  expire (now: number): void
  /** Oldest first. */
  frames (): SentFrame[]
  clear (): void
  readonly empty: boolean
}

/** Bounds the frames that are kept in case a connection breaks, for each stream and for all. */
export interface InFlightBudget {
  open (): InFlight
  /** Bytes that are kept for all streams. */
  readonly bytes: number
  /** Bytes that have not left, of all streams: each stream adds and subtracts its own. */
  unsent: number
}

/** The least that a frame counts as, since it is also an object and a list entry, bytes. */
const MIN_COST = 1024

function cost ({ length }: SentFrame): number {
  return Math.max(length, MIN_COST)
}

/** Makes the budget that all streams of a network share. */
export function createInFlightBudget (limits: NetworkLimits): InFlightBudget {
  let total = 0

  function open (): InFlight {
    let queue: SentFrame[] = []
    let head = 0
    let bytes = 0

    function shift (): void {
      const freed = cost(queue[head++])
      bytes -= freed
      total -= freed

      if (head > 1024 || head === queue.length) {
        queue = queue.slice(head)
        head = 0
      }
    }

    return {
      add (frame) {
        queue.push(frame)
        bytes += cost(frame)
        total += cost(frame)

        while (head < queue.length && (bytes > limits.inFlightBytes || total > limits.inFlightTotal)) {
          shift()
        }
      },

      expire (now) {
        while (head < queue.length && now - queue[head].at > limits.inFlightTime) {
          shift()
        }
      },

      frames: () => queue.slice(head),

      clear () {
        total -= bytes
        bytes = 0
        queue = []
        head = 0
      },

      get empty () {
        return head === queue.length
      }
    }
  }

  return {
    open,
    unsent: 0,

    get bytes () {
      return total
    }
  }
}
