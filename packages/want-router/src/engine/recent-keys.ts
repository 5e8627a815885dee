/**
 * The hashes of keys that a member was recently asked for: a block for one of them is
 * late, not unsolicited. About one in a million keys has the same hash as a recent one,
 * and its unsolicited block passes as late. Keeping the keys themselves would cost some
 * hundred bytes each, at every member that was asked.
 */
export interface RecentKeys { add (hash: number): void, has (hash: number): boolean }

/**
 * Makes an empty set. It has two generations, so that forgetting the oldest costs nothing: it holds between
 * `size` (a power of two) and twice that.
 */
export function createRecentKeys (size = 2048): RecentKeys {
  return new TwoGenerations(size)
}

class TwoGenerations implements RecentKeys {
  readonly #size: number
  #young: Int32Array | undefined
  #old: Int32Array | undefined
  #count = 0

  constructor (size: number) {
    this.#size = size
  }

  add (hash: number): void {
    // half of the table stays free, so that searches are short
    this.#young ??= new Int32Array(2 * this.#size)
    const young = this.#young
    const value = toValue(hash)
    const place = find(young, value)

    if (young[place] === value) {
      return
    }

    young[place] = value

    if (++this.#count === this.#size) {
      this.#young = this.#old?.fill(0)
      this.#old = young
      this.#count = 0
    }
  }

  has (hash: number): boolean {
    const value = toValue(hash)
    const young = this.#young
    const old = this.#old

    return (young != null && young[find(young, value)] === value) || (old != null && old[find(old, value)] === value)
  }
}

/** The value that stands for a hash in a table, where 0 marks a free place. */
function toValue (hash: number): number {
  return hash === 0 ? 1 : hash | 0
}

/** The place of a value in a table, or the free one that it would get. */
function find (table: Int32Array, value: number): number {
  const last = table.length - 1
  let place = value & last

  while (table[place] !== 0 && table[place] !== value) {
    place = (place + 1) & last
  }

  return place
}
