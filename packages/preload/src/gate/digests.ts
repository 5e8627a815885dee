import { DigestMap } from './digest-map.ts'
import type { MapMemory } from './digest-map.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** The blocks of one request, each by a digest of its key. */
export interface DigestTable {
  readonly size: number
  /** How many links below the root the block is; undefined: it is not here. */
  depth (key: WantKey): number | undefined
  /** Adds a block. False: there is no more memory, or no place. One that is here already stays at the lesser depth. */
  add (key: WantKey, depth: number): boolean
  /** Marks that the links of a block are here. True the first time. */
  expand (key: WantKey): boolean
  isExpanded (key: WantKey): boolean
  /** Gives the memory back. */
  free (): void
}

/** Beside the depth, which counts from 1. */
const EXPANDED = 0x8000_0000

/** Creates a table of at most `max` blocks. */
export function createDigestTable (max: number, memory: MapMemory): DigestTable {
  const blocks = new DigestMap(memory)

  return {
    get size () { return blocks.size },

    depth (key) {
      const block = blocks.get(key)

      return block === 0 ? undefined : depthOf(block)
    },

    add (key, depth) {
      const block = blocks.get(key)

      if (block === 0) {
        return blocks.size < max && blocks.set(key, depth + 1)
      }

      return depthOf(block) <= depth || blocks.set(key, (depth + 1 | block & EXPANDED) >>> 0)
    },

    expand (key) {
      const block = blocks.get(key)

      return block !== 0 && !isExpanded(block) && blocks.set(key, (block | EXPANDED) >>> 0)
    },

    isExpanded: key => isExpanded(blocks.get(key)),

    free () { blocks.free() }
  }
}

function depthOf (block: number): number {
  return (block & ~EXPANDED) - 1
}

function isExpanded (block: number): boolean {
  return (block & EXPANDED) !== 0
}
