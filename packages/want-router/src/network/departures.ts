/** Peers that have gone, and what they leave behind. */
export interface Departures {
  /** Has a peer forgotten: now, or in a later pass of the event loop where many go at once. */
  add (peer: string): void
  /** A peer comes back: it is forgotten before, if it is still to be. */
  settle (peer: string): void
  /** Drops the peers that wait, without calling `forget`. */
  clear (): void
}

/** What departures need of the network. */
export interface DeparturesInit {
  /** Forgets a peer: what it wanted is taken back, want by want. */
  gone (peer: string): void
  /** Monotonic time, ms. */
  now (): number
  /** Calls once at the end of the current pass of the event loop. */
  endOfTick (run: () => void): void
}

/**
 * The time that this may take in a pass of the event loop, ms. To forget a client
 * with 1,024 wants takes several: if two hundred such leave at once, and all were
 * forgotten at once, that would be a second.
 */
const SHARE = 8

/** Creates what has peers forgotten in the order in which they go. */
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
