/** Where streams wait that have brought more than is handled in one pass of the event loop. */
export interface ReadingTurns {
  /** `run` is called in a later pass. Streams of the same owner are called one a pass. */
  wait (owner: object, run: () => void): void
}

export interface ReadingTurnsInit {
  /** Monotonic time, ms. */
  now (): number
  /** Calls once at the end of the current pass of the event loop. */
  endOfTick (run: () => void): void
}

/**
 * The time that those who wait may take in one pass together, ms. One of them is
 * called at least. A message of 1,024 wants takes several: if all of two hundred
 * clients that send such were called in every pass, it would last a second.
 */
const SHARE = 8

/** Creates turns: owners are called one after another, and those that wait again go to the end. */
export function createReadingTurns ({ now, endOfTick }: ReadingTurnsInit): ReadingTurns {
  const waiting = new Map<object, Array<() => void>>()
  let scheduled = false

  function schedule (): void {
    if (!scheduled) {
      scheduled = true
      endOfTick(pass)
    }
  }

  function pass (): void {
    const end = now() + SHARE
    scheduled = false

    // who waits again, or with another stream, has its turn in a later pass
    for (const owner of [...waiting.keys()]) {
      const runs = waiting.get(owner) ?? []
      const run = runs.shift()
      waiting.delete(owner)

      if (runs.length > 0) {
        waiting.set(owner, runs)
      }

      run?.()

      if (now() >= end) {
        break
      }
    }

    if (waiting.size > 0) {
      schedule()
    }
  }

  return {
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
