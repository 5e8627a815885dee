import type { Member } from '../strategy.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * A ranking that is found one pull at a time. Generators say the same in fewer
 * lines, but each allocates some 200 bytes a pick and another a decorator; one
 * `Ranking` serves all picks of a strategy (see {@link rankings}), and decorators
 * pull from it without results in between.
 */
export abstract class Ranking implements IterableIterator<Member, undefined> {
  /** Whether somebody may still pull. */
  open = false

  /** The best member that has not been pulled yet; undefined after the last, and then it is to be closed. */
  abstract pull (): Member | undefined

  /** The consumer has stopped, at the end or before: nothing is pulled any more. */
  close (): void {
    this.open = false
  }

  next (): IteratorResult<Member, undefined> {
    const value = this.open ? this.pull() : undefined

    if (value == null) {
      this.return()
      return DONE
    }

    return { done: false, value }
  }

  return (): IteratorReturnResult<undefined> {
    if (this.open) {
      this.close()
    }

    return DONE
  }

  [Symbol.iterator] (): this {
    return this
  }
}

/**
 * Hands out the same ranking for pick after pick; another only if the last one is
 * still open, which it is if its consumer forgot to close it (`for … of` does not).
 */
export function rankings<R extends Ranking> (make: () => R): () => R {
  let ranking = make()

  return () => {
    if (ranking.open) {
      ranking = make()
    }

    ranking.open = true
    return ranking
  }
}

/** Whatever an inner strategy returns, as a ranking to pull from. */
export function pulling (ranked: Iterable<Member>): Ranking {
  return ranked instanceof Ranking ? ranked : new Foreign(ranked[Symbol.iterator]())
}

class Foreign extends Ranking {
  readonly #iterator: Iterator<Member>
  open = true

  constructor (iterator: Iterator<Member>) {
    super()
    this.#iterator = iterator
  }

  pull (): Member | undefined {
    const { done, value } = this.#iterator.next()
    return done === true ? undefined : value
  }

  close (): void {
    super.close()
    this.#iterator.return?.()
  }
}
