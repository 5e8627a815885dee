/** Where streams wait when more has arrived than is handled in one pass of the event loop. An owner is a peer. */
export interface ReadingTurns {
  /** Returns the number of this pass of the event loop. What is handled in turns belongs to the pass that follows. */
  countPass (): number
  /**
   * Whether a message of an owner may be handled in this pass, without a turn: a small one unless earlier messages
   * of the owner wait; of large ones, one in each pass while nothing waits.
   */
  mayGo (owner: object, large: boolean): boolean
  /**
   * Has `run` called in a later pass, after earlier ones of the same owner. It returns whether the owner's
   * next one may be called in the same pass.
   */
  wait (owner: object, run: () => boolean): void
}

/** What reading turns are made with. */
export interface ReadingTurnsInit {
  /** Monotonic time, ms. */
  now (): number
  /** Calls once at the end of the current pass of the event loop. */
  endOfTick (run: () => void): void
}

/**
 * The time that all waiting owners together may take in one pass, ms. At least one is
 * called. A message of 1,024 wants takes several: if two hundred clients sent one each,
 * and all were handled in one pass, it would last a second.
 */
const SHARE = 8

/**
 * Makes reading turns: owners are served one after another, each with everything that it has waiting, as far as its share
 * and the time allow. An owner that still has something waiting goes to the end, and keeps the order of what it has.
 */
export function createReadingTurns ({ now, endOfTick }: ReadingTurnsInit): ReadingTurns {
  const waiting = new Map<object, Array<() => boolean>>()
  let scheduled = false
  let number = 0
  let hadLarge = false

  function schedule (): void {
    if (!scheduled) {
      scheduled = true
      endOfTick(end)
    }
  }

  function end (): void {
    const latest = now() + SHARE
    scheduled = false
    number++
    hadLarge = false

    // a copy: an owner that waits again, or with another stream, is called in a later pass
    for (const owner of [...waiting.keys()]) {
      const runs = waiting.get(owner) ?? []
      let over = false
      let more = true
      waiting.delete(owner)

      while (runs.length > 0 && more && !over) {
        more = runs.shift()?.() === true
        over = now() >= latest
      }

      if (runs.length > 0) {
        waiting.set(owner, [...runs, ...waiting.get(owner) ?? []])
      }

      if (over) {
        break
      }
    }

    if (waiting.size > 0) {
      schedule()
    }
  }

  return {
    countPass () {
      schedule()

      return number
    },

    mayGo (owner, large) {
      if (!large) {
        return waiting.size === 0 || !waiting.has(owner)
      }

      if (hadLarge || waiting.size > 0) {
        return false
      }

      hadLarge = true
      schedule()

      return true
    },

    wait (owner, run) {
      const runs = waiting.get(owner)

      if (runs == null) {
        waiting.set(owner, [run])
      } else {
        runs.push(run)
      }

      schedule()
    }
  }
}
