/** Where streams wait that have brought more than is handled in one pass of the event loop. */
export interface ReadingTurns {
  /** Counts this pass of the event loop, and gives its number: what is handled in turns belongs to the pass that follows. */
  countPass (): number
  /**
   * Whether an owner has something handled in this pass, without a turn. What is small may be, unless something of
   * the same owner waits that came before it; of what is large, one in each pass while nothing waits at all.
   */
  mayGo (owner: object, large: boolean): boolean
  /** `run` is called in a later pass, after what of the same owner waits already. It returns whether that may go on in the same pass. */
  wait (owner: object, run: () => boolean): void
}

/** What turns need of the clock and of the event loop. */
export interface ReadingTurnsInit {
  /** Monotonic time, ms. */
  now (): number
  /** Calls once at the end of the current pass of the event loop. */
  endOfTick (run: () => void): void
}

/**
 * The time that waiting owners may take in one pass together, ms. One of them is
 * called at least. A message of 1,024 wants takes several: if all of two hundred
 * clients that send such were called in every pass, it would last a second.
 */
const SHARE = 8

/**
 * Creates turns: owners are called one after another, each with what it has waiting, as far as its share and the time go.
 * Those that wait again go to the end, and what an owner has waiting begins with what was not called.
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

    // an owner that waits again, or with another stream, is called in a later pass
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
