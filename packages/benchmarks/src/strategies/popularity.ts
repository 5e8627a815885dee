import { seededBuffer } from '@kitsune/interop'
import type { StrategyScenario } from './scenarios.ts'

/** Which of `blocks` blocks to ask for, one after another; the same seed gives the same. */
export function sequence (popularity: StrategyScenario['popularity'], blocks: number, length: number, seed: string): number[] {
  const uniform = new Uint32Array(new Uint8Array(seededBuffer(4 * Math.max(blocks, length), seed)).buffer)

  if (popularity === 'once') {
    if (length > blocks) {
      throw new RangeError(`${length} wants of ${blocks} blocks ask for some of them twice`)
    }

    return Array.from({ length: blocks }, (_, i) => i).sort((a, b) => uniform[a] - uniform[b] || a - b).slice(0, length)
  }

  // the probability that a block or a more popular one is asked for, times a constant
  const cumulated: number[] = []
  let sum = 0

  for (let i = 0; i < blocks; i++) {
    sum += 1 / (i + 1)
    cumulated.push(sum)
  }

  return Array.from({ length }, (_, i) => firstAbove(cumulated, uniform[i] / 2 ** 32 * sum))
}

function firstAbove (sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length - 1

  while (low < high) {
    const middle = (low + high) >> 1

    if (sorted[middle] > value) {
      high = middle
    } else {
      low = middle + 1
    }
  }

  return low
}
