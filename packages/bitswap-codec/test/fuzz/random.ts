/**
 * A random source that returns the same numbers for the same seed
 */
export interface Random {
  /**
   * A number from 0 to `below`, exclusive
   */
  int (below: number): number
  chance (probability: number): boolean
  pick <T> (choices: readonly T[]): T
  bytes (length: number): Uint8Array
  list <T> (most: number, make: () => T): T[]
}

/**
 * mulberry32
 */
export function createRandom (seed: number): Random {
  let state = seed >>> 0

  function next (): number {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)

    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }

  const random: Random = {
    int: below => Math.floor(next() * below),
    chance: probability => next() < probability,
    pick: choices => choices[random.int(choices.length)],
    bytes: length => {
      const bytes = new Uint8Array(length)

      for (let i = 0; i < length; i++) {
        bytes[i] = random.int(256)
      }

      return bytes
    },
    list: (most, make) => Array.from({ length: random.int(most + 1) }, make)
  }

  return random
}
