import TinyQueue from 'tinyqueue'

/** Something that has work due at a time. */
export interface Timed {
  /** These are written only by {@link Timers}: the registered entry, and the order of owners that are due at the same time. */
  timer: TimerEntry | undefined
  timerOrder: number
}

interface TimerEntry { readonly at: number, readonly order: number, owner: unknown }

/** Owners in the order in which they are due: those that are not due cost nothing. */
export interface Timers<T extends Timed> {
  /** Has to be called when an owner may have become due sooner. */
  touch (owner: T): void
  /** Removes an owner that is gone. */
  remove (owner: T): void
  /** When the first owner is due, ms; Infinity: none is. */
  next (): number
  /** Takes the first owner that is due; the caller has to `touch` it again when its work is done. */
  take (now: number): T | undefined
}

// entries whose owner is gone or has another entry are removed when they are the majority, and more than this many
const LEAST_DEAD = 64

/**
 * Makes timers from a function that returns when an owner is due. An owner that becomes
 * due later needs no `touch`: when its entry is reached too early, it is registered
 * again.
 *
 * @param due - in ms; Infinity: never, for now
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

/** By time, then by owner: reading the next time may register owners again, which must not change their order. */
function compare (a: TimerEntry, b: TimerEntry): number {
  return a.at - b.at || a.order - b.order
}
