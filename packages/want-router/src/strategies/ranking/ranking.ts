import type { Member } from '../strategy.ts'

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }

/**
 * A ranking that is computed one pull at a time. Generators would take fewer lines,
 * but each pick would allocate some 200 bytes, and as much again for each decorator. One
 * `Ranking` serves all picks of a strategy (see {@link reuseRanking}), and decorators
 * pull members from it without iterator results in between.
 */
export abstract class Ranking implements IterableIterator<Member, undefined> {
  /** Whether it has a consumer that may still pull. */
  open = false

  /** The best member that has not been pulled yet; undefined after the last, and then the caller closes it. */
  abstract pull (): Member | undefined

  /** The consumer has stopped, at the end or before it, and pulls no more. */
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
 * Returns a function that hands out the same ranking for pick after pick. It makes
 * another only if the last one is still open because its consumer did not close it
 * (`for … of` always does).
 */
export function reuseRanking<R extends Ranking> (make: () => R): () => R {
  let ranking = make()

  return () => {
    if (ranking.open) {
      ranking = make()
    }

    ranking.open = true

    return ranking
  }
}

/** Turns what an inner strategy returns into a ranking to pull from. */
export function toRanking (ranked: Iterable<Member>): Ranking {
  return ranked instanceof Ranking ? ranked : new IterableRanking(ranked[Symbol.iterator]())
}

class IterableRanking extends Ranking {
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
