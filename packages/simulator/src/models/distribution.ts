import type { Distribution } from '../scenario/schema.ts'

/** Draws one value from a distribution. */
export type Sampler = (random: () => number) => number

/** Makes the sampler of a scenario's distribution. */
export function createSampler (distribution: Distribution): Sampler {
  if (typeof distribution === 'number') {
    return () => distribution
  }

  switch (distribution.kind) {
    case 'uniform': {
      const { from, to } = distribution

      return random => from + (to - from) * random()
    }

    case 'exponential':
      return random => exponential(distribution.mean, random)

    case 'lognormal': {
      const { median, sigma } = distribution

      return random => median * Math.exp(sigma * normal(random))
    }

    default: {
      const parts = distribution.parts.map(({ share, of }) => ({ share, of: createSampler(of) }))
      const total = parts.reduce((sum, { share }) => sum + share, 0)

      return random => {
        let left = random() * total

        for (const { share, of } of parts) {
          left -= share

          if (left < 0) {
            return of(random)
          }
        }

        return parts[parts.length - 1].of(random)
      }
    }
  }
}

/** Draws from the exponential distribution with this mean. */
export function exponential (mean: number, random: () => number): number {
  return -mean * Math.log(1 - random())
}

/** Box and Muller, 1958. One of the two values is discarded, so that a draw depends only on the random source. */
function normal (random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
