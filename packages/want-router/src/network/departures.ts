/** Forgets peers that have gone, a bounded amount in each pass of the event loop. */
export interface Departures {
  /** Forgets a peer: now, or in a later pass of the event loop if many go at once. */
  add (peer: string): void
  /** A peer connects again: forgets it first, if it still waits for that. */
  settle (peer: string): void
  /** Drops the peers that wait, without calling `gone`. */
  clear (): void
}

/** What departures are made with. */
export interface DeparturesInit {
  /** Forgets a peer: ends its wants, one by one. */
  gone (peer: string): void
  /** Monotonic time, ms. */
  now (): number
  /** Calls once at the end of the current pass of the event loop. */
  endOfTick (run: () => void): void
}

/**
 * The time that forgetting may take in a pass of the event loop, ms. Forgetting a client
 * with 1,024 wants takes several: for two hundred such clients at once it would take a
 * second.
 */
const SHARE = 8

/** Makes departures: peers are forgotten in the order in which they go. */
export function createDepartures ({ gone, now, endOfTick }: DeparturesInit): Departures {
  const waiting = new Set<string>()
  let left = SHARE
  let scheduled = false

  function forget (peer: string): void {
    const begin = now()
    waiting.delete(peer)
    gone(peer)
    left -= now() - begin
  }

  function schedule (): void {
    if (!scheduled) {
      scheduled = true
      endOfTick(pass)
    }
  }

  function pass (): void {
    scheduled = false
    left = SHARE

    for (const peer of waiting) {
      if (left <= 0) {
        schedule()

        return
      }

      forget(peer)
    }
  }

  return {
    add (peer) {
      schedule()

      if (left > 0 && waiting.size === 0) {
        forget(peer)
      } else {
        waiting.add(peer)
      }
    },

    settle (peer) {
      if (waiting.has(peer)) {
        forget(peer)
      }
    },

    clear () {
      waiting.clear()
    }
  }
}
