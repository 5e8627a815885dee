import type { Limits } from '../defaults.ts'

/** How long a member takes, and how long it may. */
export interface LatencyEstimate {
  /** Smoothed time to an answer, ms. */
  readonly smoothed: number | undefined
  /** The least seen lately, ms: what it takes without a queue. Infinity before the first sample. */
  readonly least: number
  /** The time after which a silent member is stalled: others are asked first, ms. */
  readonly stallTimeout: number
  /** The time after which a silent member has failed a want, ms. */
  readonly timeout: number
  /** The longest that any timeout gets, ms. */
  readonly longest: number
  sample (ms: number): void
}

/**
 * TCP's retransmission timer (RFC 6298): smoothed time and four times its
 * deviation, within bounds.
 */
export function latencyEstimate (limits: Pick<Limits, 'stallTimeout' | 'minTimeout' | 'firstTimeout' | 'maxTimeout'>): LatencyEstimate {
  let smoothed: number | undefined
  let deviation = 0
  let least = Infinity

  function bounded (least: number, first: number): number {
    return smoothed == null ? first : Math.min(limits.maxTimeout, Math.max(least, smoothed + 4 * deviation))
  }

  return {
    longest: limits.maxTimeout,
    get smoothed () { return smoothed },
    get least () { return least },
    get stallTimeout () { return bounded(limits.stallTimeout, limits.stallTimeout) },
    get timeout () { return bounded(limits.minTimeout, limits.firstTimeout) },
    sample (ms) {
      if (smoothed == null) {
        smoothed = ms
        deviation = ms / 2
        least = ms
      } else {
        deviation += (Math.abs(ms - smoothed) - deviation) / 4
        smoothed += (ms - smoothed) / 8
      }
      // drifts up, so that a path that became longer is believed after some hundred samples
      least = Math.min(ms, least + (ms - least) / 256)
    }
  }
}

/** The time that so large a share of samples stays below, while they drift. */
export interface QuantileEstimate {
  /** Undefined until there were some samples. */
  readonly value: number | undefined
  sample (ms: number): void
  /** A sample that is not known yet, but is above. */
  exceeded (): void
}

// samples before the first estimate, which is their maximum
const WARM_UP = 16
const STEP = 0.05
// steps are in proportion, so an estimate of nothing could never grow again, ms
const FLOOR = 0.01

/**
 * Frugal streaming (Ma, Muthukrishnan and Sandler 2013) with steps in proportion:
 * up by the share below, down by the share above, so that it rests where these
 * balance. No sample is kept.
 */
export function quantileEstimate (quantile: number): QuantileEstimate {
  let value = 0
  let samples = 0

  function exceeded (): void {
    value = Math.max(FLOOR, value) * (1 + STEP * quantile)
  }

  return {
    get value () { return samples < WARM_UP ? undefined : value },
    exceeded,
    sample (ms) {
      if (samples < WARM_UP) {
        samples++
        value = Math.max(value, ms)
      } else if (ms > value) {
        exceeded()
      } else {
        value *= 1 - STEP * (1 - quantile)
      }
    }
  }
}

/** Expected bytes that may be open, adapted to what they meet. */
export interface ByteWindow {
  readonly size: number
  /** What was asked for arrived without having queued. */
  grow (bytes: number): void
  /** It queued: ask for less at a time. */
  shrink (bytes: number): void
  reset (): void
}

/**
 * Grows by what arrived, shrinks by the same: it doubles within one round trip
 * when there is no queue, and leaves as quickly when there is one.
 */
export function byteWindow (min: number, max: number): ByteWindow {
  let size = min
  return {
    get size () { return size },
    grow (bytes) { size = Math.min(max, size + bytes) },
    shrink (bytes) { size = Math.max(min, size - bytes) },
    reset () { size = min }
  }
}

/** Expected bytes that may be on their way for an upstream peer, adapted to how it reads. */
export interface ReadWindow {
  readonly size: number
  /** A reply of that many bytes comes to wait behind `waiting` others. */
  queued (bytes: number, waiting: number, now: number): void
  /** So much was taken, and `waiting` bytes wait on. */
  taken (bytes: number, waiting: number, now: number): void
  reset (): void
}

// what waits for less is a burst, as over a long path everything comes in bursts; a queue stands longer, ms
const STANDING = 250

/**
 * Begins at what may wait unsent. Grows by what the peer takes while it reads all
 * that comes, shrinks by what comes while a queue of that size stands.
 */
export function readWindow ({ unsentPerClient, inFlightPerClient }: Pick<Limits, 'unsentPerClient' | 'inFlightPerClient'>): ReadWindow {
  const window = byteWindow(unsentPerClient, inFlightPerClient)
  const few = unsentPerClient / 4
  let since = 0
  let burst = 0

  return {
    get size () { return window.size },
    queued (bytes, waiting, now) {
      if (waiting <= few) {
        since = now
      } else if (waiting > unsentPerClient && now - since > STANDING) {
        window.shrink(bytes)
      }
    },
    taken (bytes, waiting, now) {
      burst += bytes
      if (waiting > few) {
        return
      }
      if (now - since <= STANDING) {
        window.grow(burst)
      }
      burst = 0
      since = now
    },
    reset: window.reset
  }
}

/** What a block weighs, learned: bitswap does not say before it sends. */
export interface SizeEstimate { readonly bytes: number, sample (bytes: number): void }

export function sizeEstimate (first: number): SizeEstimate {
  let bytes = first
  return {
    get bytes () { return bytes },
    sample (size) { bytes = Math.ceil(bytes + (size - bytes) / 4) }
  }
}
