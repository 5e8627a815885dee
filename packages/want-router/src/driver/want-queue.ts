import { multihashKey } from '@kitsune/bitswap-codec'
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

export function createWantQueue (init: WantQueueInit): WantQueue {
  return new PeerWantQueue(init)
}

class PeerWantQueue implements WantQueue {
  readonly #init: WantQueueInit
  /** Unsent entries of the wantlist by their CID. */
  readonly #pending = new Map<string, SentWant>()
  /** To be asked in messages of their own, before all else. */
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
      this.#pending.set(cidKey(cid), { key, entry: { cid, priority, cancel: false, wantType: type, sendDontHave: true } })
    }
  }

  enqueueCancels (wants: readonly CancelledWant[]): void {
    for (const { key, cid } of wants) {
      this.#size?.forget(key)
      this.#pending.set(cidKey(cid), { key, entry: { cid, priority: 0, cancel: true, wantType: 'block', sendDontHave: false } })
    }
  }

  take (): Outgoing | undefined {
    const alone = this.#alone.shift()

    if (alone != null) {
      return { wants: [alone.entry] }
    }

    if (this.#pending.size === 0) {
      return
    }

    const taken = this.#dequeue()
    this.#size?.sent(taken.filter(({ entry }) => !entry.cancel))

    return { wants: taken.map(({ entry }) => entry) }
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

  #dequeue (): SentWant[] {
    if (this.#pending.size <= this.#most) {
      const all = [...this.#pending.values()]
      this.#pending.clear()

      return all
    }

    const some: SentWant[] = []

    for (const [cid, want] of this.#pending) {
      this.#pending.delete(cid)
      some.push(want)

      if (some.length === this.#most) {
        break
      }
    }

    return some
  }

  /** What was ignored is sent again, unless there is a later word. */
  #putBack (wants: readonly SentWant[]): void {
    for (const want of wants) {
      const cid = cidKey(want.entry.cid)

      if (!this.#pending.has(cid)) {
        this.#pending.set(cid, want)
      }
    }
  }
}

/** Nodes keep wants by CID, so the cancel of a CIDv0 and the ask for the CIDv1 of the same block are two entries. */
function cidKey (cid: Uint8Array): string {
  return multihashKey(cid) // not a multihash, but as good a key
}
