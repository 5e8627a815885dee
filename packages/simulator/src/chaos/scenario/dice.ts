/** Draws of one seeded stream. */
export interface Dice {
  chance (probability: number): boolean
  /** A whole number from `min` to `max`, both included. */
  int (min: number, max: number): number
  pick<T> (items: readonly T[]): T
  /** One of the names, in proportion to their weights. */
  weighted<T extends string> (weights: Readonly<Record<T, number>>): T
}

/** @param random - uniform in [0, 1) */
export function createDice (random: () => number): Dice {
  return {
    chance: probability => random() < probability,
    int: (min, max) => min + Math.floor(random() * (max - min + 1)),
    pick: items => items[Math.floor(random() * items.length)],
    weighted<T extends string> (weights: Readonly<Record<T, number>>): T {
      const names = Object.keys(weights) as T[]
      let left = random() * names.reduce((sum, name) => sum + weights[name], 0)

      for (const name of names) {
        left -= weights[name]

        if (left < 0) {
          return name
        }
      }

      return names[names.length - 1]
    }
  }
}
