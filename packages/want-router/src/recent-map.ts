/**
 * A map that forgets the entries that were set longest ago: half of its limit at once. To forget one by one would cost more than all
 * else that happens to an entry, since a `Map` that loses its first entries is slow to find the next.
 */
export class RecentMap<K, V> {
  readonly #half: number
  #recent = new Map<K, V>()
  /** Set before all that is recent. */
  #older = new Map<K, V>()

  /** @param limit - entries that are remembered at most */
  constructor (limit: number) {
    this.#half = limit / 2
  }

  get (key: K): V | undefined {
    return this.#recent.get(key) ?? this.#older.get(key)
  }

  /** Sets an entry, which is then the newest. */
  set (key: K, value: V): void {
    if (this.#recent.size >= this.#half && !this.#recent.has(key)) {
      this.#older = this.#recent
      this.#recent = new Map()
    }

    this.#recent.set(key, value)
  }

  delete (key: K): void {
    this.#recent.delete(key)
    this.#older.delete(key)
  }
}
