import TinyQueue from 'tinyqueue'

/** Something that wants to be looked at when a time has come. */
export interface Timed {
  /** For {@link Timers} alone: what is registered, and which of two that are due at the same time is the first. */
  timer: TimerEntry | undefined
  timerOrder: number
}

interface TimerEntry { readonly at: number, readonly order: number, owner: unknown }

/** Owners in the order in which they are due, so that the passing of time costs nothing for those that are not. */
export interface Timers<T extends Timed> {
  /** An owner may have become due sooner. */
  touch (owner: T): void
  /** An owner is gone. */
  remove (owner: T): void
  /** When the first owner is due; Infinity: none ever. */
  next (): number
  /** The first owner that is due, which has to be touched when it has been looked at. */
  take (now: number): T | undefined
}

// entries of which the owner is gone or was registered again are thrown out when there are more of them than of others
const LEAST_DEAD = 64

/**
 * Makes timers over a function that tells when an owner is due. What becomes due
 * later needs no word: an entry that comes up too early is entered again.
 *
 * @param due - in ms; Infinity: never, as things are
 */
export function createTimers <T extends Timed> (due: (owner: T) => number): Timers<T> {
  return new TimerQueue(due)
}

class TimerQueue<T extends Timed> implements Timers<T> {
  readonly #due: (owner: T) => number
  #owners = 0
  #queue = new TinyQueue<TimerEntry>([], compare)
  #dead = 0

  constructor (due: (owner: T) => number) {
    this.#due = due
  }

  touch (owner: T): void {
    const at = this.#due(owner)

    if (at < (owner.timer?.at ?? Infinity)) {
      this.#release(owner.timer)
      this.#register(owner, at)
      this.#compact()
    }
  }

  remove (owner: T): void {
    this.#release(owner.timer)
    owner.timer = undefined
    this.#compact()
  }

  next (): number {
    for (let entry = this.#queue.peek(); entry != null; entry = this.#queue.peek()) {
      if (entry.owner == null) {
        this.#queue.pop()
        this.#dead--
        continue
      }

      const owner = entry.owner as T
      const at = this.#due(owner)

      if (at <= entry.at) {
        return entry.at
      }

      this.#queue.pop()
      owner.timer = undefined

      if (at < Infinity) {
        this.#register(owner, at)
      }
    }

    return Infinity
  }

  take (now: number): T | undefined {
    if (this.next() > now) {
      return
    }

    const owner = this.#queue.pop()?.owner as T
    owner.timer = undefined

    return owner
  }

  #register (owner: T, at: number): void {
    if (owner.timerOrder === 0) {
      owner.timerOrder = ++this.#owners
    }

    const entry = { at, order: owner.timerOrder, owner }
    owner.timer = entry
    this.#queue.push(entry)
  }

  #release (entry: TimerEntry | undefined): void {
    if (entry != null) {
      entry.owner = undefined
      this.#dead++
    }
  }

  #compact (): void {
    if (this.#dead > LEAST_DEAD && this.#dead > this.#queue.length / 2) {
      this.#queue = new TinyQueue(this.#queue.data.filter(entry => entry.owner != null), compare)
      this.#dead = 0
    }
  }
}

/** Looking at the time enters owners again, and must not change which is the first. */
function compare (a: TimerEntry, b: TimerEntry): number {
  return a.at - b.at || a.order - b.order
}
