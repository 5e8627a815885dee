/** A cache of so many blocks, the least recently used of which goes first. Holds keys only. */
export interface Lru {
  /** Whether the block is there; it is now the latest used. */
  touch (key: string): boolean
  add (key: string): void
  clear (): void
}

export function lru (capacity: number): Lru {
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
