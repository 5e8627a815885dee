import type { NetworkLimits } from './defaults.ts'

/** When a peer is to be sent a message without content, so that it hears from us at all. */
export interface Greetings {
  /** The peer has connected. */
  connected (now: number): void
  /** A connection of the peer, or a stream that it sent on, has broken, and it is still connected. */
  broke (now: number): void
  /** The peer has asked for something. */
  asked (): void
  /** Looks at the time; true while there is one to look at. */
  tick (now: number): boolean
}

/** How much longer each wait is than the one before it. */
const SLOWER = 4

export function createGreetings (limits: NetworkLimits, greet: () => void): Greetings {
  let next: number | undefined
  let wait = 0
  let left = 0
  let greeted = false

  function begin (now: number, count: number): void {
    // one that is waited for already comes as it would have, lest a peer that breaks off again and again puts it off for ever
    if (next == null || greeted) {
      wait = limits.greetAfter
      next = now + wait
      greeted = false
    }

    left = count
  }

  return {
    connected (now) {
      begin(now, Math.max(left, 1))
    },

    broke (now) {
      begin(now, limits.greetings)
    },

    asked () {
      // what came before the first greeting may have been sent before the break was noticed
      if (greeted) {
        next = undefined
        left = 0
      }
    },

    tick (now) {
      if (next != null && now >= next) {
        greeted = true
        left--
        wait *= SLOWER
        next = left > 0 ? now + wait : undefined
        greet()
      }

      return next != null
    }
  }
}
