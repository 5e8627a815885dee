import type { WantKey } from '@kitsune/bitswap-codec'

/** Memory that several tables share. */
export interface TableMemory {
  used: number
  readonly max: number
}

/**
 * The blocks of one request, as 16 bytes of each key in a typed array: the end of its digest, into which all that comes
 * before is mixed by numbers that nobody else knows. So two keys that differ anywhere are taken for one by chance alone,
 * and nobody can make them so.
 */
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

/** Four words of digest, and one with the depth, of which 0 is a free slot. */
const WORDS = 5
const SLOT_BYTES = 4 * WORDS
const FIRST_SLOTS = 16
const MAX_LOAD = 0.75
const EXPANDED = 0x8000_0000

/**
 * Creates a table of at most `max` blocks: open addressing with linear probing. Clients
 * choose the digests, so where one goes depends on numbers that they do not know.
 */
export function createDigestTable (max: number, memory: TableMemory): DigestTable {
  const factors = crypto.getRandomValues(new Uint32Array(4)).map(n => n | 1)
  // the digest that is looked for
  const sought = new Uint32Array(4)
  let mask = FIRST_SLOTS - 1
  let words = new Uint32Array(0)
  let size = 0

  function seek (key: WantKey): void {
    const start = Math.max(0, key.length - 16)
    let high = key.length
    let low = factors[3]
    for (let at = 0; at < start; at++) {
      high = Math.imul(high ^ key.charCodeAt(at), factors[0])
      high ^= high >>> 15
      low = Math.imul(low ^ key.charCodeAt(at), factors[1])
      low ^= low >>> 13
    }
    // past the end of a short key there is NaN, which counts as 0
    for (let word = 0, at = start; word < 4; word++, at += 4) {
      sought[word] = key.charCodeAt(at) << 24 | key.charCodeAt(at + 1) << 16 | key.charCodeAt(at + 2) << 8 | key.charCodeAt(at + 3)
    }
    sought[0] ^= high
    sought[1] ^= low
  }

  /** Where the sought digest is, or would be. */
  function place (into: Uint32Array): number {
    let hash = 0
    for (let word = 0; word < 4; word++) {
      hash = Math.imul(hash ^ sought[word], factors[word])
      hash ^= hash >>> 15
    }
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS
      if (into[at + 4] === 0 || (into[at] === sought[0] && into[at + 1] === sought[1] && into[at + 2] === sought[2] && into[at + 3] === sought[3])) {
        return at
      }
    }
  }

  /** False: there is no memory for more. */
  function grow (): boolean {
    const slots = words.length === 0 ? FIRST_SLOTS : 2 * (mask + 1)
    // both exist while it moves
    if (memory.used + slots * SLOT_BYTES > memory.max) {
      return false
    }
    const before = words
    const next = new Uint32Array(slots * WORDS)
    mask = slots - 1
    for (let from = 0; from < before.length; from += WORDS) {
      if (before[from + 4] !== 0) {
        sought.set(before.subarray(from, from + 4))
        next.set(before.subarray(from, from + WORDS), place(next))
      }
    }
    memory.used += next.byteLength - before.byteLength
    words = next
    return true
  }

  function find (key: WantKey): number | undefined {
    if (size === 0) {
      return
    }
    seek(key)
    const at = place(words)
    return words[at + 4] === 0 ? undefined : at
  }

  return {
    get size () { return size },

    depth (key) {
      const at = find(key)
      return at == null ? undefined : (words[at + 4] & ~EXPANDED) - 1
    },

    add (key, depth) {
      const at = find(key)
      if (at != null) {
        const expanded = words[at + 4] & EXPANDED
        words[at + 4] = Math.min((words[at + 4] & ~EXPANDED) - 1, depth) + 1 | expanded
        return true
      }
      if (size >= max || (size + 1 > MAX_LOAD * words.length / WORDS && !grow())) {
        return false
      }
      seek(key)
      const free = place(words)
      words.set(sought, free)
      words[free + 4] = depth + 1
      size++
      return true
    },

    expand (key) {
      const at = find(key)
      if (at == null || (words[at + 4] & EXPANDED) !== 0) {
        return false
      }
      words[at + 4] |= EXPANDED
      return true
    },

    isExpanded (key) {
      const at = find(key)
      return at != null && (words[at + 4] & EXPANDED) !== 0
    },

    free () {
      memory.used -= words.byteLength
      words = new Uint32Array(0)
      size = 0
    }
  }
}
