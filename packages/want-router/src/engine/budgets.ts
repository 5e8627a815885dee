import type { Limits } from '../defaults.ts'

/** Limits retries to a share of the first tries (the retry budgets of Finagle and Envoy). */
export interface RetryBudget {
  /** A fetch was asked of its first member: it earns a share of a retry. */
  firstTry (now: number): void
  /** A retry that the budget paid for was answered. */
  succeeded (now: number): void
  /** Pays for a retry; false: not now. */
  spend (now: number): boolean
  /** When the budget can pay for one more; now, if it can already. */
  nextAt (now: number): number
}

// retries that can always be saved up, even without traffic
const LEAST_SAVED = 100
// traffic is counted in steps of this length, ms
const STEP = 100
// time constant with which traffic is forgotten, ms
const MEMORY = 10_000
// retries a second that are always earned, so that none waits for ever
const TRICKLE = 10
// retries that an answered retry earns: while retries succeed, their number doubles with each round trip, as in TCP's slow start
const REWARD = 2

interface Tokens {
  readonly count: number
  add (more: number): void
  /** Takes one; false: there is none. */
  spend (): boolean
}

/** Makes a token bucket; `most` returns its size at the moment. */
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
 * A first try earns a share of a retry. At most the share of about the last ten seconds'
 * traffic can be saved up. Answered retries earn more, so that what failed in an outage
 * is asked again within a few round trips once members have recovered, and slowly until
 * then.
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

/** Limits how many exhausted fetches are asked again: a share of all asks, and at least some a second. */
export interface AskBudget {
  /** A member was asked for a fetch. */
  asked (now: number): void
  spend (now: number): boolean
  nextAt (now: number): number
}

// fetches a second that can always be asked again
const LEAST_RATE = 256
// the share by which asking again may increase the traffic
const SHARE = 0.1

/** Makes a budget for asking again, with one second's worth saved up. */
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

    // waits until several can be paid for: waking up for each would cost more than asking
    nextAt (now) {
      update(now)

      return tokens.count >= 1 ? now : now + Math.ceil(16_000 / perSecond())
    }
  }
}
