import { DigestMap } from './digest-map.ts'
import type { MapMemory } from './digest-map.ts'
import type { KeyDigest } from './key-digest.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** The blocks of one request, each by a digest of its key. While the whole key of a block is kept, another key with the same digest does not match. */
export interface DigestTable {
  readonly size: number
  /** How many links below the root the block is; undefined: the table does not contain it. */
  depth (key: WantKey): number | undefined
  /**
   * Adds a block. False: there is no memory left, or the table is full. A block that was added
   * before keeps the lesser depth. A block whose digest equals that of another key that is kept
   * is left out.
   */
  add (key: WantKey, depth: number): boolean
  /** Marks that the links of a block have been added. True the first time. */
  expand (key: WantKey): boolean
  isExpanded (key: WantKey): boolean
  /** Keeps the whole key of a block, unless that of another one with the same digest is kept. */
  hold (key: WantKey): void
  /** Forgets the whole key of a block. */
  release (key: WantKey): void
  /** Returns the memory. */
  free (): void
}

/** Beside the depth, which counts from 1. */
const EXPANDED = 0x8000_0000

/** Creates a table of at most `max` blocks. `digest`: default, one with secret numbers of its own. */
export function createDigestTable (max: number, memory: MapMemory, digest?: KeyDigest): DigestTable {
  const blocks = new DigestMap(memory, digest)
  /** Whole keys by their digests. */
  const held = new Map<string, WantKey>()

  /** 0: the table does not contain the block, or another key has the same digest. */
  function get (key: WantKey): number {
    const block = blocks.get(key)

    return block !== 0 && isOther(key) ? 0 : block
  }

  function isOther (key: WantKey): boolean {
    return (held.get(blocks.digest(key)) ?? key) !== key
  }

  return {
    get size () { return blocks.size },

    depth (key) {
      const block = get(key)

      return block === 0 ? undefined : depthOf(block)
    },

    add (key, depth) {
      const block = blocks.get(key)

      if (block === 0) {
        return blocks.size < max && blocks.set(key, depth + 1)
      }

      return depthOf(block) <= depth || isOther(key) || blocks.set(key, (depth + 1 | block & EXPANDED) >>> 0)
    },

    expand (key) {
      const block = get(key)

      return block !== 0 && !isExpanded(block) && blocks.set(key, (block | EXPANDED) >>> 0)
    },

    isExpanded: key => isExpanded(get(key)),

    hold (key) {
      const digest = blocks.digest(key)

      if (!held.has(digest)) {
        held.set(digest, key)
      }
    },

    release (key) {
      if (!isOther(key)) {
        held.delete(blocks.digest(key))
      }
    },

    free () {
      blocks.free()
      held.clear()
    }
  }
}

function depthOf (block: number): number {
  return (block & ~EXPANDED) - 1
}

function isExpanded (block: number): boolean {
  return (block & EXPANDED) !== 0
}
