import { multihashKey } from '@kitsune/bitswap-codec'
import { sameBytes } from '../same-bytes.ts'
import { createWantlistSize } from './wantlist-size.ts'
import type { SentWant, WantlistSize } from './wantlist-size.ts'
import type { CancelledWant, TargetWant, WantlistLimit } from '../targets/target.ts'
import type { Timers } from '../timers.ts'
import type { Outgoing, WantKey } from '@kitsune/bitswap-codec'

/** The wants and cancels that wait to be sent to one downstream peer, packed into messages of a size that it reads. */
export interface WantQueue {
  /** Adds wants; the last entry of each CID counts. */
  enqueue (wants: readonly TargetWant[]): void
  enqueueCancels (wants: readonly CancelledWant[]): void
  /** Takes the next message; undefined: there is none. */
  take (): Outgoing | undefined
  /** Begins to learn how long a message the peer reads: its silence is no answer. */
  watchSize (): void
  /** Has to be called when the peer has answered a want; undefined: nothing is learned from it. */
  readonly answered: ((key: WantKey) => void) | undefined
  stop (): void
}

/** What the queue of one peer is made with. */
export interface WantQueueInit {
  readonly limit: WantlistLimit
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** Called when there is something to take that the queue itself has added. */
  wake (): void
}

/** Entries of a wantlist message, which stays near 50 KiB. */
const DEFAULT_MAX_ENTRIES = 1024

/** Makes an empty queue for one peer. */
export function createWantQueue (init: WantQueueInit): WantQueue {
  return new PeerWantQueue(init)
}

class PeerWantQueue implements WantQueue {
  readonly #init: WantQueueInit
  /** Unsent entries of the wantlist. */
  readonly #pending = new Map<WantKey, SentWant>()
  /**
   * Entries for whose key another CID is pending, by CID: nodes keep wants by CID, so the
   * cancel of a CIDv0 and the ask of the CIDv1 are two entries.
   */
  readonly #others = new Map<string, SentWant>()
  /** Wants that are sent in messages of their own, before all others. */
  readonly #alone: SentWant[] = []
  #size: WantlistSize | undefined
  /** Entries that a message may have. */
  #most: number

  constructor (init: WantQueueInit) {
    this.#init = init
    this.#most = Math.min(init.limit.entries ?? DEFAULT_MAX_ENTRIES, DEFAULT_MAX_ENTRIES)
  }

  get answered (): ((key: WantKey) => void) | undefined {
    return this.#size?.answered
  }

  enqueue (wants: readonly TargetWant[]): void {
    for (const { key, cid, type, priority } of wants) {
      this.#size?.forget(key)
      this.#put({ key, cid, priority, cancel: false, wantType: type, sendDontHave: true })
    }
  }

  enqueueCancels (wants: readonly CancelledWant[]): void {
    for (const { key, cid } of wants) {
      this.#size?.forget(key)
      this.#put({ key, cid, priority: 0, cancel: true, wantType: 'block', sendDontHave: false })
    }
  }

  take (): Outgoing | undefined {
    const alone = this.#alone.shift()

    if (alone != null) {
      return { wants: [alone] }
    }

    if (this.#pending.size === 0 && this.#others.size === 0) {
      return
    }

    const wants = this.#dequeue()
    this.#size?.sent(wants)

    return { wants }
  }

  watchSize (): void {
    const { limit, timers, wake } = this.#init

    this.#size = createWantlistSize({
      most: this.#most,
      timers,
      probe: want => {
        this.#alone.push(want)
        wake()
      },
      again: wants => {
        this.#putBack(wants)
        wake()
      },
      learned: most => {
        this.#most = most
        limit.learned?.(most)
      }
    })
  }

  stop (): void {
    this.#size?.stop()
  }

  #put (want: SentWant): void {
    const pending = this.#pending.get(want.key)

    if (pending != null && !sameBytes(pending.cid, want.cid)) {
      this.#others.set(cidKey(want.cid), want)

      return
    }

    this.#pending.set(want.key, want)

    if (this.#others.size > 0) {
      this.#others.delete(cidKey(want.cid))
    }
  }

  #dequeue (): SentWant[] {
    const wants: SentWant[] = []
    move(this.#pending, wants, this.#most)
    move(this.#others, wants, this.#most)

    return wants
  }

  /** Enqueues again wants that the peer has ignored, unless there is a later entry for them. */
  #putBack (wants: readonly SentWant[]): void {
    for (const want of wants) {
      const pending = this.#pending.get(want.key)
      const later = pending != null && sameBytes(pending.cid, want.cid)

      if (!later && !this.#others.has(cidKey(want.cid))) {
        this.#put(want)
      }
    }
  }
}

function move <K> (from: Map<K, SentWant>, to: SentWant[], most: number): void {
  for (const [id, want] of from) {
    if (to.length === most) {
      return
    }

    from.delete(id)
    to.push(want)
  }
}

function cidKey (cid: Uint8Array): string {
  return multihashKey(cid) // a string of the whole CID's bytes, used as a key
}
