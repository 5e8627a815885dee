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

// entries of which the owner is gone or was registered anew are thrown out when there are more of them than of others
const LEAST_DEAD = 64

/**
 * Makes timers over a function that tells when an owner is due. What becomes due
 * later needs no word: an entry that comes up too early is entered again.
 *
 * @param due - in ms; Infinity: never, as things are
 */
export function createTimers <T extends Timed> (due: (owner: T) => number): Timers<T> {
  // looking at the time enters owners anew, and must not change which is the first
  const compare = (a: TimerEntry, b: TimerEntry): number => a.at - b.at || a.order - b.order
  let owners = 0
  let queue = new TinyQueue<TimerEntry>([], compare)
  let dead = 0

  function register (owner: T, at: number): void {
    if (owner.timerOrder === 0) {
      owner.timerOrder = ++owners
    }
    const entry = { at, order: owner.timerOrder, owner }
    owner.timer = entry
    queue.push(entry)
  }

  function release (entry: TimerEntry | undefined): void {
    if (entry != null) {
      entry.owner = undefined
      dead++
    }
  }

  function compact (): void {
    if (dead > LEAST_DEAD && dead > queue.length / 2) {
      queue = new TinyQueue(queue.data.filter(entry => entry.owner != null), compare)
      dead = 0
    }
  }

  const timers: Timers<T> = {
    touch (owner) {
      const at = due(owner)
      if (at < (owner.timer?.at ?? Infinity)) {
        release(owner.timer)
        register(owner, at)
        compact()
      }
    },

    remove (owner) {
      release(owner.timer)
      owner.timer = undefined
      compact()
    },

    next () {
      for (let entry = queue.peek(); entry != null; entry = queue.peek()) {
        if (entry.owner == null) {
          queue.pop()
          dead--
          continue
        }
        const owner = entry.owner as T
        const at = due(owner)
        if (at <= entry.at) {
          return entry.at
        }
        queue.pop()
        owner.timer = undefined
        if (at < Infinity) {
          register(owner, at)
        }
      }
      return Infinity
    },

    take (now) {
      if (timers.next() > now) {
        return
      }
      const owner = queue.pop()?.owner as T
      owner.timer = undefined
      return owner
    }
  }
  return timers
}
