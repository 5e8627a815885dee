/** Walks over sets that may be large, in slices, so that a walk does not hold up other work. */
export interface Reviews<T> {
  /** Walks that have not ended. */
  readonly size: number
  /**
   * Begins to call `visit` for each element that is in the set now and still is at its
   * time; not for those that join later. An unfinished walk with the same `key` starts
   * over.
   */
  begin (key: string, all: ReadonlySet<T>, visit: (one: T) => void): void
  /** Calls `visit` for the next elements, at most `most`. */
  slice (most: number): void
}

interface Walk<T> { readonly rest: Iterator<T>, left: number, visit (one: T): void }

/** Makes an empty list of walks. */
export function createReviews <T> (): Reviews<T> {
  const walks = new Map<string, Walk<T>>()

  return {
    get size () { return walks.size },

    begin (key, all, visit) {
      walks.delete(key)

      if (all.size > 0) {
        // counted, since a set's iterator goes on to elements that are added meanwhile
        walks.set(key, { rest: all.values(), left: all.size, visit })
      }
    },

    slice (most) {
      let visits = most

      for (const [key, walk] of walks) {
        while (walk.left > 0 && visits > 0) {
          const { done, value } = walk.rest.next()

          if (done === true) {
            walk.left = 0
          } else {
            walk.left--
            visits--
            walk.visit(value)
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
