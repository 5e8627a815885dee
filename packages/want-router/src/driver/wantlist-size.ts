import { withStallGrace } from '../stall-grace.ts'
import type { After } from '../stall-grace.ts'
import type { Timers } from '../timers.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** An entry that goes to a peer, a want or the cancel of one. */
export interface SentWant extends WantEntry {
  readonly key: WantKey
}

/** What the estimate tells the queue of the peer. */
export interface WantlistSizeInit {
  /** Entries that a message may have at first. */
  readonly most: number
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** Asks for one entry in its own message. */
  probe (want: SentWant): void
  /** The messages that these were in have been ignored: they are to be sent again, in smaller ones. */
  again (wants: readonly SentWant[]): void
  /** From now on messages have at most this many entries. */
  learned (most: number): void
}

/**
 * Finds out how many entries a peer takes in one message: some nodes silently ignore a
 * message that has more than they accept.
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
  /** The entries of a message that leaves. */
  sent (entries: readonly SentWant[]): void
  /** The peer has said something about a want. */
  answered (key: WantKey): void
  /** A want has been taken back, or is asked for again. */
  forget (key: WantKey): void
  stop (): void
}

/** Silence after which a peer is asked once more, ms: at first, and the least once it is known how soon it answers. */
const DEFAULT_PROBE_AFTER = 500
const DEFAULT_MIN_PROBE_AFTER = 100
/** Entries that are answered alone before their message is taken to be ignored. */
const PROOFS = 2

/** A message of which nothing has been answered. */
interface Doubt {
  readonly size: number
  readonly at: number
  readonly waiting: Map<WantKey, SentWant>
  proofs: number
}

/** Makes an estimate of the longest wantlist that a peer reads; nothing is known yet. */
export function createWantlistSize (init: WantlistSizeInit): WantlistSize {
  return new LearnedSize(init)
}

class LearnedSize implements WantlistSize {
  readonly #init: WantlistSizeInit
  readonly #later: After
  readonly #doubts = new Set<Doubt>()
  readonly #doubtOf = new Map<WantKey, Doubt>()
  #most: number
  /** The most entries of a message that was answered. */
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

  /** A function by itself: it is handed on with each block. */
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

  /** Looks again when the oldest message has been ignored for too long, unless it is being asked about. */
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

  /** Messages of that size are read. */
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
