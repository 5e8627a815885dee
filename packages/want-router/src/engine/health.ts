import type { Limits } from '../defaults.ts'

/**
 * The health of one member by its consecutive failures (Envoy's outlier detection:
 * success rates need more hosts than most have) and by its share of unsolicited answers.
 * `member-lifecycle.ts`, which knows all members, decides whether to eject (never the
 * last healthy member).
 */
export interface MemberHealth {
  /** Until when the member is ejected, ms; 0: it is not. */
  readonly ejectedUntil: number
  succeeded (now: number): void
  /** An attempt failed; true: the member should be ejected. */
  failed (): boolean
  /** A block or presence arrived; true: the member should be ejected, since too many were unsolicited. */
  received (asked: boolean, now: number): boolean
  /** Its connection was lost; true: the member flaps and should be ejected. */
  lost (now: number): boolean
  eject (now: number): void
  /** Ends an ejection. */
  readmit (now: number): void
  /** The share of its weight that a readmitted member has, 0.1 to 1. */
  slowStart (now: number): number
}

const UNSOLICITED_WINDOW = 10_000
// this many unsolicited answers are tolerated whatever their share: cancels and blocks cross on the wire
const UNSOLICITED_FREE = 16
const UNSOLICITED_SHARE = 0.1
// a member that loses its connection this often within a minute flaps
const FLAPS = 3
const FLAP_WINDOW = 60_000

type HealthLimits = Pick<Limits, 'ejectAfter' | 'ejection' | 'maxEjection' | 'slowStart'>

/** Makes the health of a member that has not failed. */
export function memberHealth (limits: HealthLimits): MemberHealth {
  return new OutlierDetection(limits)
}

class OutlierDetection implements MemberHealth {
  readonly #limits: HealthLimits
  #failures = 0
  #ejections = 0
  #ejectedUntil = 0
  #returned = -Infinity
  #windowStart = -Infinity
  #received = 0
  #unsolicited = 0
  #losses: number[] = []

  constructor (limits: HealthLimits) {
    this.#limits = limits
  }

  get ejectedUntil (): number {
    return this.#ejectedUntil
  }

  succeeded (now: number): void {
    this.#failures = 0

    // once a member has been well for as long as its last ejection lasted, one ejection is forgotten
    if (this.#ejections > 0 && now - this.#returned > this.#limits.ejection * this.#ejections) {
      this.#ejections--
      this.#returned = now - this.#limits.slowStart
    }
  }

  failed (): boolean {
    return ++this.#failures >= this.#limits.ejectAfter
  }

  received (asked: boolean, now: number): boolean {
    if (now - this.#windowStart > UNSOLICITED_WINDOW) {
      this.#windowStart = now
      this.#received = 0
      this.#unsolicited = 0
    }

    this.#received++

    if (!asked) {
      this.#unsolicited++
    }

    return this.#unsolicited > UNSOLICITED_FREE && this.#unsolicited > this.#received * UNSOLICITED_SHARE
  }

  lost (now: number): boolean {
    this.#losses = [...this.#losses.filter(at => now - at < FLAP_WINDOW), now].slice(-FLAPS)

    return this.#losses.length === FLAPS
  }

  eject (now: number): void {
    const { maxEjection, ejection } = this.#limits
    this.#ejections++
    this.#failures = 0
    this.#received = 0
    this.#unsolicited = 0
    this.#ejectedUntil = now + Math.min(maxEjection, ejection * this.#ejections)
  }

  readmit (now: number): void {
    this.#ejectedUntil = 0
    this.#returned = now
  }

  slowStart (now: number): number {
    return Math.min(1, Math.max(0.1, (now - this.#returned) / this.#limits.slowStart))
  }
}
