/**
 * The hashes of keys that a member was lately asked for: a block for one of them is
 * late, not unsolicited. Two keys may have the same hash, once in a million: then a
 * block that was never asked for passes as late. To keep the keys themselves
 * would cost some hundred bytes each, at every member that was asked.
 */
export interface RecentKeys { add (hash: number): void, has (hash: number): boolean }

/** Two generations, so that forgetting the oldest costs nothing: holds between `size` (a power of two) and twice that. */
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
    // half of the places stay free, so that the next free one is near
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

/** As tables hold it: 0 stands for a free place. */
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
