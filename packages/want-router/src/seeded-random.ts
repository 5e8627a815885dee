/**
 * mulberry32: a random source that a test, a simulation or a replay can repeat.
 * Good enough to choose members by; not for secrets.
 *
 * @returns a function whose results are uniform in [0, 1)
 */
export function seededRandom (seed: number): () => number {
  let state = seed >>> 0

  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)

    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
