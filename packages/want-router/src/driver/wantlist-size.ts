import { withStallGrace } from '../stall-grace.ts'
import type { After } from '../stall-grace.ts'
import type { Timers } from '../timers.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** An entry that is sent to a peer: a want or a cancel. */
export interface SentWant extends WantEntry {
  readonly key: WantKey
}

/** What the estimate tells the queue of the peer. */
export interface WantlistSizeInit {
  /** The most entries that a message has at first. */
  readonly most: number
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** Sends one entry in a message of its own. */
  probe (want: SentWant): void
  /** Sends these again in smaller messages, since the peer has ignored those that they were in. */
  again (wants: readonly SentWant[]): void
  /** From now on messages have at most this many entries. */
  learned (most: number): void
}

/**
 * Learns how many entries a peer reads in one message: some nodes silently ignore a
 * message that has more than they accept.
 *
 * If a peer answers nothing of a message that is larger than any it has answered before,
 * the last entry is sent again in a message of its own, then the one before it. If both
 * are answered before any of the others, the peer has ignored the message, and half as
 * many entries are sent at a time. A peer that is merely slow answers the others first,
 * and one that cannot tell, such as another router, does not answer one of the two.
 */
export interface WantlistSize {
  /** The most entries that a message may have. */
  readonly most: number
  /** Has to be called with the entries of each message that is sent. */
  sent (entries: readonly SentWant[]): void
  /** Has to be called when the peer has answered a want. */
  answered (key: WantKey): void
  /** Has to be called when a want is cancelled or sent again. */
  forget (key: WantKey): void
  stop (): void
}

/** Silence after which an entry is sent again, ms: at first, and the least once the peer's latency is known. */
const DEFAULT_PROBE_AFTER = 500
const DEFAULT_MIN_PROBE_AFTER = 100
/** Entries that have to be answered alone before their message counts as ignored. */
const PROOFS = 2

/** A message that the peer may have ignored: nothing of it has been answered. */
interface Doubt {
  readonly size: number
  readonly at: number
  readonly waiting: Map<WantKey, SentWant>
  proofs: number
}

/** Makes an estimate of the longest wantlist message that a peer reads; nothing is learned yet. */
export function createWantlistSize (init: WantlistSizeInit): WantlistSize {
  return new LearnedSize(init)
}

class LearnedSize implements WantlistSize {
  readonly #init: WantlistSizeInit
  readonly #later: After
  readonly #doubts = new Set<Doubt>()
  readonly #doubtOf = new Map<WantKey, Doubt>()
  #most: number
  /** The most entries of a message that the peer has answered. */
  #confirmed = 1
  #probeAfter = DEFAULT_PROBE_AFTER
  #probing: { readonly key: WantKey, readonly at: number, readonly doubt: Doubt } | undefined
  #cancelTimer: (() => void) | undefined

  constructor (init: WantlistSizeInit) {
    this.#init = init
    this.#most = init.most
    this.#later = withStallGrace(init.timers)
  }

  get most (): number {
    return this.#most
  }

  sent (entries: readonly SentWant[]): void {
    if (entries.length <= this.#confirmed) {
      return
    }

    const wants = entries.filter(({ cancel }) => !cancel)

    if (wants.length <= this.#confirmed) {
      return
    }

    const doubt: Doubt = { size: wants.length, at: this.#init.timers.now(), waiting: new Map(wants.map(want => [want.key, want])), proofs: 0 }
    this.#doubts.add(doubt)

    for (const { key } of wants) {
      this.#doubtOf.set(key, doubt)
    }

    if (this.#doubts.size === 1) {
      this.#arm()
    }
  }

  /** A property, because it is passed on with each block. */
  readonly answered = (key: WantKey): void => {
    const doubt = this.#doubtOf.get(key)

    if (doubt == null) {
      return
    }

    if (this.#probing?.key === key) {
      const { at } = this.#probing
      this.forget(key)

      if (++doubt.proofs === PROOFS) {
        this.#ignored(doubt, this.#init.timers.now() - at)
      }
    } else {
      this.#confirm(doubt.size)
    }

    this.#arm()
  }

  forget (key: WantKey): void {
    const doubt = this.#doubtOf.get(key)

    if (doubt == null) {
      return
    }

    this.#doubtOf.delete(key)
    doubt.waiting.delete(key)

    if (this.#probing?.key === key) {
      this.#probing = undefined
    }

    if (doubt.waiting.size === 0) {
      this.#end(doubt)
    }

    this.#arm()
  }

  stop (): void {
    this.#doubts.clear()
    this.#doubtOf.clear()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  /** Sets the timer for the oldest doubtful message, unless one of its entries is being sent again. */
  #arm (): void {
    const [oldest] = this.#doubts
    this.#cancelTimer?.()
    this.#cancelTimer = oldest == null || this.#probing != null
      ? undefined
      : this.#later(Math.max(1, oldest.at + this.#probeAfter - this.#init.timers.now()), () => { this.#probe() })
  }

  #probe (): void {
    this.#cancelTimer = undefined
    const [doubt] = this.#doubts
    const last = doubt == null ? undefined : [...doubt.waiting.values()].at(-1)

    if (last != null) {
      this.#probing = { key: last.key, at: this.#init.timers.now(), doubt }
      this.#init.probe(last)
    }
  }

  /** Notes that the peer reads messages of that size. */
  #confirm (size: number): void {
    this.#confirmed = Math.max(this.#confirmed, size)

    for (const answered of [...this.#doubts].filter(({ size }) => size <= this.#confirmed)) {
      this.#end(answered)
    }
  }

  #ignored (doubt: Doubt, latency: number): void {
    this.#most = Math.max(this.#confirmed, Math.floor(doubt.size / 2))
    this.#probeAfter = Math.min(DEFAULT_PROBE_AFTER, Math.max(DEFAULT_MIN_PROBE_AFTER, 4 * latency))
    this.#init.learned(this.#most)
    const unread: SentWant[] = []

    for (const larger of [...this.#doubts].filter(({ size }) => size > this.#most)) {
      unread.push(...larger.waiting.values())
      this.#end(larger)
    }

    this.#init.again(unread)
  }

  #end (doubt: Doubt): void {
    this.#doubts.delete(doubt)

    for (const key of doubt.waiting.keys()) {
      this.#doubtOf.delete(key)
    }

    if (this.#probing?.doubt === doubt) {
      this.#probing = undefined
    }
  }
}
