import { multihashKey } from '@kitsune/bitswap-codec'
import { sameBytes } from '../same-bytes.ts'
import { createWantlistSize } from './wantlist-size.ts'
import type { SentWant, WantlistSize } from './wantlist-size.ts'
import type { CancelledWant, TargetWant, WantlistLimit } from '../targets/target.ts'
import type { Timers } from '../timers.ts'
import type { Outgoing, WantKey } from '@kitsune/bitswap-codec'

/** What is to be sent to one downstream peer: wants and cancels, packed into messages that it takes. */
export interface WantQueue {
  /** The last word about each CID counts. */
  enqueue (wants: readonly TargetWant[]): void
  enqueueCancels (wants: readonly CancelledWant[]): void
  /** The next message, or nothing. */
  take (): Outgoing | undefined
  /** From now on the peer's silence is no answer: it is found out how long a message it reads. */
  watchSize (): void
  /** The peer has said something about a want. Undefined where it makes no difference. */
  readonly answered: ((key: WantKey) => void) | undefined
  stop (): void
}

/** What the queue of one peer begins with. */
export interface WantQueueInit {
  readonly limit: WantlistLimit
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** There is something to take that was not asked for from outside. */
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
   * Those of which another CID with the same key is pending, by their own CID: nodes keep
   * wants by CID, so the cancel of a CIDv0 and the ask for the CIDv1 are two entries.
   */
  readonly #others = new Map<string, SentWant>()
  /** To be asked in their own messages, before all else. */
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

  /** What was ignored is sent again, unless there is a later word. */
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
  return multihashKey(cid) // not a multihash, but as good a key
}
