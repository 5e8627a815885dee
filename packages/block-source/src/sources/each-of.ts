/**
 * Yields the items of arrays one by one. An async generator would do the same with three promises for each item, which
 * for short blocks takes longer than to hash them; this takes one. Calls of `next` are answered in their order.
 */
export function eachOf<T> (arrays: AsyncGenerator<readonly T[]>): AsyncIterableIterator<T> {
  let items: readonly T[] = []
  let taken = 0
  /** The last call that has not been answered: further calls wait for it. */
  let busy: Promise<unknown> | undefined

  async function pull (): Promise<IteratorResult<T>> {
    for (;;) {
      if (taken < items.length) {
        return { done: false, value: items[taken++] }
      }

      const next = await arrays.next()

      if (next.done === true) {
        return { done: true, value: undefined }
      }

      items = next.value
      taken = 0
    }
  }

  async function inOrder<R> (run: () => Promise<R>): Promise<R> {
    const turn = busy == null ? run() : busy.then(run, run)
    busy = turn
    const free = (): void => { busy = busy === turn ? undefined : busy }
    turn.then(free, free)

    return turn
  }

  return {
    async next () {
      return busy == null && taken < items.length ? { done: false, value: items[taken++] } : inOrder(pull)
    },

    async return () {
      return inOrder(async () => {
        items = []
        await arrays.return(undefined)

        return { done: true, value: undefined }
      })
    },

    [Symbol.asyncIterator] () {
      return this
    }
  }
}
