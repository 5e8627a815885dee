import type { NetworkLimits } from './defaults.ts'
import type { SentFrame } from './sent-frame.ts'

/** What left one stream a while ago and may not have arrived: a queue, the oldest first. */
export interface InFlight {
  add (frame: SentFrame): void
  /** Forgets what is older, or more, than can be on its way. */
  expire (now: number): void
  /** Oldest first. */
  frames (): SentFrame[]
  clear (): void
  readonly empty: boolean
}

/** Bounds what is kept in case a connection breaks, for each stream and for all of them. */
export interface InFlightBudget {
  open (): InFlight
  /** Kept by all. */
  readonly bytes: number
  /** What all streams hold that has not left, bytes: each stream adds to it, and takes its own back. */
  unsent: number
}

/** What a frame counts as at least: it is an object and a place in a list, besides its bytes. */
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
