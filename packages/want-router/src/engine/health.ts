import type { Limits } from '../defaults.ts'

/**
 * The health of one member by its consecutive failures (Envoy's outlier
 * detection: success rates need more hosts than most have) and by its share of
 * blocks that nobody asked it for. Whether an ejection may happen at all (never
 * the last member) is decided by who holds all members.
 */
export interface MemberHealth {
  /** Until when it is ejected; 0: not. */
  readonly ejectedUntil: number
  succeeded (now: number): void
  /** True: it should be ejected. */
  failed (): boolean
  /** A block arrived; true: it should be ejected, for too many that were not asked for. */
  received (asked: boolean, now: number): boolean
  /** Its connection was lost; true: it flaps and should be ejected. */
  lost (now: number): boolean
  eject (now: number): void
  /** Ends an ejection. */
  readmit (now: number): void
  /** Share of its weight that a member has back, 0.1 to 1. */
  slowStart (now: number): number
}

const UNASKED_WINDOW = 10_000
// so many strays are let pass whatever their share: cancels and blocks cross on the wire
const UNASKED_FREE = 16
const UNASKED_SHARE = 0.1
// a member that was lost this often within a minute flaps
const FLAPS = 3
const FLAP_WINDOW = 60_000

export function memberHealth (limits: Pick<Limits, 'ejectAfter' | 'ejection' | 'maxEjection' | 'slowStart'>): MemberHealth {
  let failures = 0
  let ejections = 0
  let ejectedUntil = 0
  let returned = -Infinity
  let windowStart = -Infinity
  let received = 0
  let unsolicited = 0
  let losses: number[] = []

  return {
    get ejectedUntil () { return ejectedUntil },

    succeeded (now) {
      failures = 0
      // a member that has been well for as long as its last ejection has paid one back
      if (ejections > 0 && now - returned > limits.ejection * ejections) {
        ejections--
        returned = now - limits.slowStart
      }
    },

    failed: () => ++failures >= limits.ejectAfter,

    received (asked, now) {
      if (now - windowStart > UNASKED_WINDOW) {
        windowStart = now
        received = 0
        unsolicited = 0
      }
      received++
      if (!asked) {
        unsolicited++
      }
      return unsolicited > UNASKED_FREE && unsolicited > received * UNASKED_SHARE
    },

    lost (now) {
      losses = [...losses.filter(at => now - at < FLAP_WINDOW), now].slice(-FLAPS)
      return losses.length === FLAPS
    },

    eject (now) {
      ejections++
      failures = 0
      received = 0
      unsolicited = 0
      ejectedUntil = now + Math.min(limits.maxEjection, limits.ejection * ejections)
    },

    readmit (now) {
      ejectedUntil = 0
      returned = now
    },

    slowStart: now => Math.min(1, Math.max(0.1, (now - returned) / limits.slowStart))
  }
}
