/** A cache that evicts the least recently used block. It holds keys only. */
export interface Lru {
  /** Whether the block is there. If so, it is the most recently used from now on. */
  touch (key: string): boolean
  add (key: string): void
  clear (): void
}

/** @param capacity - how many blocks it holds */
export function createLru (capacity: number): Lru {
  const keys = new Set<string>()

  return {
    touch (key) {
      if (!keys.delete(key)) {
        return false
      }

      keys.add(key)

      return true
    },

    add (key) {
      keys.delete(key)
      keys.add(key)

      if (keys.size > capacity) {
        const [oldest] = keys
        keys.delete(oldest)
      }
    },

    clear () { keys.clear() }
  }
}
