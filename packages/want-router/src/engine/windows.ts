import type { Limits } from '../defaults.ts'

/** How long a member takes to answer, and how long it may take. */
export interface LatencyEstimate {
  /** Smoothed time to an answer, ms. */
  readonly smoothed: number | undefined
  /** The shortest recent time, ms: what an answer takes without a queue. Infinity before the first sample. */
  readonly least: number
  /** The time after which a silent member is stalled, so that others are asked first, ms. */
  readonly stallTimeout: number
  /** The time after which a silent member has failed to answer a want, ms. */
  readonly timeout: number
  /** The longest possible timeout, ms. */
  readonly longest: number
  sample (ms: number): void
}

type LatencyLimits = Pick<Limits, 'stallTimeout' | 'minTimeout' | 'firstTimeout' | 'maxTimeout'>

/**
 * Makes an estimate like TCP's retransmission timer (RFC 6298): the smoothed time plus
 * four times its deviation, within bounds.
 */
export function latencyEstimate (limits: LatencyLimits): LatencyEstimate {
  return new RetransmissionTimer(limits)
}

// classes: an object literal with getters has its own shape, and V8 compiles code for each shape
class RetransmissionTimer implements LatencyEstimate {
  readonly #limits: LatencyLimits
  #smoothed: number | undefined
  #deviation = 0
  #least = Infinity

  constructor (limits: LatencyLimits) {
    this.#limits = limits
  }

  get smoothed (): number | undefined {
    return this.#smoothed
  }

  get least (): number {
    return this.#least
  }

  get stallTimeout (): number {
    const { stallTimeout } = this.#limits

    return this.#bounded(stallTimeout, stallTimeout)
  }

  get timeout (): number {
    return this.#bounded(this.#limits.minTimeout, this.#limits.firstTimeout)
  }

  get longest (): number {
    return this.#limits.maxTimeout
  }

  sample (ms: number): void {
    if (this.#smoothed == null) {
      this.#smoothed = ms
      this.#deviation = ms / 2
      this.#least = ms
    } else {
      this.#deviation += (Math.abs(ms - this.#smoothed) - this.#deviation) / 4
      this.#smoothed += (ms - this.#smoothed) / 8
    }

    // drifts up, so that it follows a path that became longer after some hundred samples
    this.#least = Math.min(ms, this.#least + (ms - this.#least) / 256)
  }

  #bounded (least: number, first: number): number {
    return this.#smoothed == null ? first : Math.min(this.#limits.maxTimeout, Math.max(least, this.#smoothed + 4 * this.#deviation))
  }
}

/** An estimate of a quantile of times that may drift. */
export interface QuantileEstimate {
  /** Undefined until there are enough samples. */
  readonly value: number | undefined
  sample (ms: number): void
  /** Counts a sample that is not known yet, but exceeds the value. */
  exceeded (): void
}

// samples before the first estimate, which is their maximum
const WARM_UP = 16
const STEP = 0.05
// steps are proportional, so an estimate of 0 could never grow again, ms
const FLOOR = 0.01

/**
 * Makes an estimate by frugal streaming (Ma, Muthukrishnan and Sandler 2013) with
 * proportional steps: up by the share of samples below, down by the share above, so that
 * it settles where these balance. It keeps no samples.
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

/** Expected bytes that may be open at a member, adapted to how quickly it answers. */
export interface ByteWindow {
  readonly size: number
  /** A block arrived without having queued. */
  grow (bytes: number): void
  /** A block queued at the member: less should be open at a time. */
  shrink (bytes: number): void
  reset (): void
}

/**
 * Makes a window that grows and shrinks by the bytes that arrived: it doubles within one
 * round trip when there is no queue, and shrinks as quickly when there is one.
 */
export function byteWindow (min: number, max: number): ByteWindow {
  return new DoublingWindow(min, max)
}

class DoublingWindow implements ByteWindow {
  readonly #min: number
  readonly #max: number
  #size: number

  constructor (min: number, max: number) {
    this.#min = min
    this.#max = max
    this.#size = min
  }

  get size (): number {
    return this.#size
  }

  grow (bytes: number): void {
    this.#size = Math.min(this.#max, this.#size + bytes)
  }

  shrink (bytes: number): void {
    this.#size = Math.max(this.#min, this.#size - bytes)
  }

  reset (): void {
    this.#size = this.#min
  }
}

/** Expected bytes that may be in flight for a client, adapted to how it reads. */
export interface ReadWindow {
  readonly size: number
  /** A reply of that many bytes was added, behind `waiting` bytes. */
  queued (bytes: number, waiting: number, now: number): void
  /** The client took that many bytes, and `waiting` bytes are left. */
  taken (bytes: number, waiting: number, now: number): void
  reset (): void
}

// bytes that wait for less than this are a burst, as everything is over a long path; a standing queue waits longer, ms
const STANDING = 250

type ReadLimits = Pick<Limits, 'unsentPerClient' | 'inFlightPerClient'>

/**
 * Makes a window that begins with the bytes that may wait unsent. It grows by what the
 * client takes while it reads everything, and shrinks by what arrives while a queue of
 * that size stands.
 */
export function readWindow (limits: ReadLimits): ReadWindow {
  return new BurstWindow(limits)
}

class BurstWindow implements ReadWindow {
  readonly #unsent: number
  readonly #window: DoublingWindow
  #since = 0
  #burst = 0

  constructor ({ unsentPerClient, inFlightPerClient }: ReadLimits) {
    this.#unsent = unsentPerClient
    this.#window = new DoublingWindow(unsentPerClient, inFlightPerClient)
  }

  get size (): number {
    return this.#window.size
  }

  queued (bytes: number, waiting: number, now: number): void {
    if (waiting <= this.#few) {
      this.#since = now
    } else if (waiting > this.#unsent && now - this.#since > STANDING) {
      this.#window.shrink(bytes)
    }
  }

  taken (bytes: number, waiting: number, now: number): void {
    this.#burst += bytes

    if (waiting > this.#few) {
      return
    }

    if (now - this.#since <= STANDING) {
      this.#window.grow(this.#burst)
    }

    this.#burst = 0
    this.#since = now
  }

  reset (): void {
    this.#window.reset()
  }

  get #few (): number {
    return this.#unsent / 4
  }
}

/** The size of a block, learned from earlier ones: bitswap does not state it before the block. */
export interface SizeEstimate {
  readonly bytes: number
  sample (bytes: number): void
  /** Makes the estimate at least this large. */
  atLeast (bytes: number): void
}

/** Makes an estimate that follows the last few blocks; `first` is the estimate before any, bytes. */
export function sizeEstimate (first: number): SizeEstimate {
  return new MovingSize(first)
}

class MovingSize implements SizeEstimate {
  #bytes: number

  constructor (first: number) {
    this.#bytes = first
  }

  get bytes (): number {
    return this.#bytes
  }

  atLeast (size: number): void {
    this.#bytes = Math.max(this.#bytes, size)
  }

  sample (size: number): void {
    this.#bytes = Math.ceil(this.#bytes + (size - this.#bytes) / 4)
  }
}
