/** Something that will be asked again, and when. */
interface Due { readonly askAgain: { readonly at: number } | undefined }

/** A client's exhausted fetches, in the order in which they will be asked again. */
export interface AskAgain<T extends Due> {
  readonly size: number
  add (fetch: T, delay: number): void
  delete (fetch: T, delay: number): void
  /** When the first is due, ms; Infinity: there is none. */
  next (): number
  /** The first that is due. It is not removed. */
  due (now: number): T | undefined
}

/**
 * There are few different delays, and fetches with the same delay become due in the order
 * in which they were added. So a set for each delay is a queue, and any fetch can be
 * removed from it at once.
 */
export function createAskAgain <T extends Due> (): AskAgain<T> {
  const byDelay = new Map<number, Set<T>>()
  let size = 0

  function first (): T | undefined {
    let best: T | undefined

    for (const fetches of byDelay.values()) {
      const [fetch] = fetches

      if (fetch.askAgain != null && fetch.askAgain.at < (best?.askAgain?.at ?? Infinity)) {
        best = fetch
      }
    }

    return best
  }

  return {
    get size () { return size },

    add (fetch, delay) {
      let fetches = byDelay.get(delay)

      if (fetches == null) {
        fetches = new Set()
        byDelay.set(delay, fetches)
      }

      fetches.add(fetch)
      size++
    },

    delete (fetch, delay) {
      const fetches = byDelay.get(delay)

      if (fetches?.delete(fetch) === true) {
        size--

        if (fetches.size === 0) {
          byDelay.delete(delay)
        }
      }
    },

    next: () => first()?.askAgain?.at ?? Infinity,

    due (now) {
      const fetch = first()

      return fetch?.askAgain != null && fetch.askAgain.at <= now ? fetch : undefined
    }
  }
}
