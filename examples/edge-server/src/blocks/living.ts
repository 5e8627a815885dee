/** What the requests of an isolate hold at present. */
export interface Living<T> extends Iterable<T> {
  /** The request of this entry runs: the entry is added, or stays. */
  see (entry: T): void
  delete (entry: T): void
}

/** How long an entry stays that is not seen again, ms. */
const FORGOTTEN_AFTER = 5_000

/** Makes a set that forgets entries which have not been seen for 5 s: the runtime may have ended their requests without notice. */
export function createLiving<T> (now: () => number = Date.now): Living<T> {
  const seenAt = new Map<T, number>()

  return {
    see (entry) { seenAt.set(entry, now()) },
    delete (entry) { seenAt.delete(entry) },

    * [Symbol.iterator] () {
      const oldest = now() - FORGOTTEN_AFTER

      for (const [entry, at] of seenAt) {
        if (at < oldest) {
          seenAt.delete(entry)
        } else {
          yield entry
        }
      }
    }
  }
}
