import { ABSENT } from './catalogue.ts'
import type { Popularity } from '../scenario/schema.ts'

/** Draws the block that is wanted next. */
export type BlockPicker = (random: () => number) => number

// beyond every catalogue
const NEW = 2 ** 40

/** Makes the picker of a popularity. `counter` is shared by all clients that only want new blocks. */
export function createBlockPicker (popularity: Popularity, counter: { next: number }): BlockPicker {
  switch (popularity.kind) {
    case 'new': return () => NEW + counter.next++
    case 'absent': return () => ABSENT + counter.next++
    case 'uniform': return random => Math.floor(random() * popularity.blocks)
    case 'hot': return random => random() < popularity.share ? 0 : 1 + Math.floor(random() * (popularity.blocks - 1))

    default: {
      const sums = zipfSums(popularity.blocks, popularity.s)

      return random => firstAbove(sums, random() * sums[sums.length - 1])
    }
  }
}

/** Running sums of 1 / rank^s. */
function zipfSums (blocks: number, s: number): Float64Array {
  const sums = new Float64Array(blocks)
  let sum = 0

  for (let i = 0; i < blocks; i++) {
    sum += (i + 1) ** -s
    sums[i] = sum
  }

  return sums
}

function firstAbove (sums: Float64Array, value: number): number {
  let low = 0
  let high = sums.length - 1

  while (low < high) {
    const middle = (low + high) >>> 1

    if (sums[middle] > value) {
      high = middle
    } else {
      low = middle + 1
    }
  }

  return low
}
