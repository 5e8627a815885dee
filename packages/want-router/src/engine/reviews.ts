/** Walks over sets that may be large, a slice at a time, so that none holds up what else there is to do. */
export interface Reviews<T> {
  /** Walks that have not ended. */
  readonly size: number
  /**
   * Has what is in a set now, and is still there by then, looked at; what joins the
   * set later is not. A walk of the same `key` that has not ended starts over.
   */
  begin (key: string, all: ReadonlySet<T>, look: (one: T) => void): void
  /** Looks at the next fetches, at most `most`. */
  slice (most: number): void
}

interface Walk<T> { readonly rest: Iterator<T>, left: number, look (one: T): void }

/** Makes an empty list of walks. */
export function createReviews <T> (): Reviews<T> {
  const walks = new Map<string, Walk<T>>()

  return {
    get size () { return walks.size },

    begin (key, all, look) {
      walks.delete(key)

      if (all.size > 0) {
        // a set's iterator also shows what is added meanwhile, after what was there
        walks.set(key, { rest: all.values(), left: all.size, look })
      }
    },

    slice (most) {
      let looks = most

      for (const [key, walk] of walks) {
        while (walk.left > 0 && looks > 0) {
          const { done, value } = walk.rest.next()

          if (done === true) {
            walk.left = 0
          } else {
            walk.left--
            looks--
            walk.look(value)
          }
        }

        if (walk.left > 0) {
          return
        }

        walks.delete(key)
      }
    }
  }
}
