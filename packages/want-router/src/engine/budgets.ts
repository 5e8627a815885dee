import type { Limits } from '../defaults.ts'

/** Keeps retries to a share of the traffic that needs none (the retry budgets of Finagle and Envoy). */
export interface RetryBudget {
  /** A fetch was asked of its first member. */
  firstTry (now: number): void
  /** A fetch that the budget paid for was answered. */
  succeeded (now: number): void
  /** Pays for a retry; false: not now. */
  spend (now: number): boolean
  /** When one more can be paid for; at most now if one can. */
  nextAt (now: number): number
}

// retries that may be saved up, however little traffic there was
const LEAST_SAVED = 100
// what is counted within this time has the same age, ms
const STEP = 100
// traffic this long ago no longer counts, ms
const MEMORY = 10_000
// retries a second whatever the budget, so that none waits for ever
const TRICKLE = 10
// what an answer pays for: while retries succeed they double from one round trip to the next, as a TCP sender does
const REWARD = 2

interface Tokens {
  readonly count: number
  add (more: number): void
  /** Takes one; false: there is none. */
  spend (): boolean
}

/** Makes a bucket; `most` says how many may be saved up at the moment. */
function createTokens (first: number, most: () => number): Tokens {
  let count = first

  return {
    get count () { return count },
    add (more) { count = Math.min(most(), count + more) },
    spend () {
      if (count < 1) {
        return false
      }

      count--

      return true
    }
  }
}

/**
 * A first try earns a share of a retry. What can be saved is the share of the
 * traffic of about the last ten seconds. Retries that are answered earn more, so
 * that what an outage has left behind is asked again in a few round trips once
 * members are well, and slowly while they are not.
 */
export function createRetryBudget ({ retryBudget: share }: Pick<Limits, 'retryBudget'>, start: number): RetryBudget {
  const tokens = createTokens(TRICKLE, most)
  let traffic = 0
  let firstTries = 0 // since the last update
  let updated = start

  function update (now: number): void {
    traffic += firstTries
    tokens.add(share * firstTries)
    firstTries = 0
    const ms = now - updated

    if (ms > 0) {
      traffic *= Math.exp(-ms / MEMORY)
      tokens.add(TRICKLE * ms / 1000)
      updated = now
    }
  }

  function most (): number {
    return Math.max(LEAST_SAVED, share * traffic)
  }

  return {
    firstTry (now) {
      firstTries++

      if (now - updated >= STEP) {
        update(now)
      }
    },

    succeeded (now) {
      update(now)
      tokens.add(REWARD)
    },

    spend (now) {
      update(now)

      return tokens.spend()
    },

    nextAt (now) {
      update(now)

      return tokens.count >= 1 ? now : now + Math.ceil((1 - tokens.count) * 1000 / TRICKLE)
    }
  }
}

/** How many exhausted fetches may be asked again: a share of what is asked anyway, and a least number a second. */
export interface AskBudget {
  /** Something was asked. */
  asked (now: number): void
  spend (now: number): boolean
  nextAt (now: number): number
}

// fetches a second that are asked again whatever the traffic
const LEAST_RATE = 256
// share of the traffic that asking again may add to it
const SHARE = 0.1

/** Makes a budget for asking again, with a second's worth saved up. */
export function createAskBudget (start: number): AskBudget {
  const tokens = createTokens(LEAST_RATE, perSecond)
  let rate = 0 // asks a second, smoothed over about MEMORY
  let asks = 0 // since the last update
  let updated = start

  function update (now: number): void {
    rate += asks * 1000 / MEMORY
    asks = 0
    const ms = now - updated

    if (ms > 0) {
      rate *= Math.exp(-ms / MEMORY)
      tokens.add(perSecond() * ms / 1000)
      updated = now
    }
  }

  function perSecond (): number {
    return Math.max(LEAST_RATE, SHARE * rate)
  }

  return {
    asked (now) {
      asks++

      if (now - updated >= STEP) {
        update(now)
      }
    },

    spend (now) {
      update(now)

      return tokens.spend()
    },

    // some at a time: a wake-up for each would cost more than it asks
    nextAt (now) {
      update(now)

      return tokens.count >= 1 ? now : now + Math.ceil(16_000 / perSecond())
    }
  }
}
