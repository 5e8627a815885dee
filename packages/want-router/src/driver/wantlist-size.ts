import { withStallGrace } from '../stall-grace.ts'
import type { Timers } from '../timers.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** One entry that a peer is asked for. */
export interface Asked {
  readonly key: WantKey
  readonly entry: WantEntry
}

export interface WantlistSizeInit {
  /** Entries that a message may have at first. */
  readonly most: number
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** Asks for one entry in a message of its own. */
  probe (asked: Asked): void
  /** The messages that these were in have been ignored: they are to be sent again, in smaller ones. */
  again (asked: readonly Asked[]): void
  /** From now on messages have at most so many entries. */
  learned (most: number): void
}

/**
 * Finds out how many entries a peer takes in one message: some nodes ignore a
 * message that has more than they like, without a word.
 *
 * While nothing of a message larger than any that was answered is answered, its
 * last entry is asked for once more by itself, then the one before it. If both are
 * answered before any of the others the message has been ignored, and half as many
 * entries are sent at a time. A peer that is merely slow answers the others first,
 * and one that cannot tell, such as another router, is silent about one of the two.
 */
export interface WantlistSize {
  /** Entries that a message may have. */
  readonly most: number
  /** Entries that a message has asked for. */
  sent (asked: readonly Asked[]): void
  /** The peer has said something about a want. */
  answered (key: WantKey): void
  /** A want has been taken back, or is asked for anew. */
  forget (key: WantKey): void
  stop (): void
}

/** Silence after which a peer is asked once more, ms: at first, and the least once it is known how soon it answers. */
const PATIENCE = 500
const MIN_PATIENCE = 100
/** Entries that are answered alone before their message is taken to be ignored. */
const PROOFS = 2

/** A message of which nothing has been answered. */
interface Doubt {
  readonly size: number
  readonly at: number
  readonly waiting: Map<WantKey, Asked>
  proofs: number
}

export function createWantlistSize ({ most, timers, probe, again, learned }: WantlistSizeInit): WantlistSize {
  const later = withStallGrace(timers)
  const doubts = new Set<Doubt>()
  const doubtOf = new Map<WantKey, Doubt>()
  /** The most entries of a message that was answered. */
  let confirmed = 1
  let patience = PATIENCE
  let probing: { readonly key: WantKey, readonly at: number, readonly doubt: Doubt } | undefined
  let cancelTimer: (() => void) | undefined

  function end (doubt: Doubt): void {
    doubts.delete(doubt)
    for (const key of doubt.waiting.keys()) {
      doubtOf.delete(key)
    }
    if (probing?.doubt === doubt) {
      probing = undefined
    }
  }

  /** Looks again when the oldest message has been ignored for too long, unless it is being asked about. */
  function arm (): void {
    const [oldest] = doubts
    cancelTimer?.()
    cancelTimer = oldest == null || probing != null
      ? undefined
      : later(Math.max(1, oldest.at + patience - timers.now()), ask)
  }

  function ask (): void {
    cancelTimer = undefined
    const [doubt] = doubts
    const last = doubt == null ? undefined : [...doubt.waiting.values()].at(-1)
    if (last != null) {
      probing = { key: last.key, at: timers.now(), doubt }
      probe(last)
    }
  }

  function ignored (doubt: Doubt, latency: number): void {
    most = Math.max(confirmed, Math.floor(doubt.size / 2))
    patience = Math.min(PATIENCE, Math.max(MIN_PATIENCE, 4 * latency))
    learned(most)
    const unread: Asked[] = []
    for (const larger of [...doubts].filter(({ size }) => size > most)) {
      unread.push(...larger.waiting.values())
      end(larger)
    }
    again(unread)
  }

  function forget (key: WantKey): void {
    const doubt = doubtOf.get(key)
    if (doubt == null) {
      return
    }
    doubtOf.delete(key)
    doubt.waiting.delete(key)
    if (probing?.key === key) {
      probing = undefined
    }
    if (doubt.waiting.size === 0) {
      end(doubt)
    }
    arm()
  }

  return {
    get most () { return most },

    sent (asked) {
      if (asked.length <= confirmed) {
        return
      }
      const doubt: Doubt = { size: asked.length, at: timers.now(), waiting: new Map(asked.map(one => [one.key, one])), proofs: 0 }
      doubts.add(doubt)
      for (const { key } of asked) {
        doubtOf.set(key, doubt)
      }
      if (doubts.size === 1) {
        arm()
      }
    },

    answered (key) {
      const doubt = doubtOf.get(key)
      if (doubt == null) {
        return
      }
      if (probing?.key === key) {
        const { at } = probing
        forget(key)
        if (++doubt.proofs === PROOFS) {
          ignored(doubt, timers.now() - at)
        }
      } else {
        confirmed = Math.max(confirmed, doubt.size)
        for (const answered of [...doubts].filter(({ size }) => size <= confirmed)) {
          end(answered)
        }
      }
      arm()
    },

    forget,

    stop () {
      doubts.clear()
      doubtOf.clear()
      cancelTimer?.()
      cancelTimer = undefined
    }
  }
}
