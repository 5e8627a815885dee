import { createKeyDigest, DIGEST_WORDS } from './key-digest.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Memory that several maps share, bytes. */
export interface MapMemory {
  used: number
  readonly max: number
}

/** A number for each key, in a typed array: 20 bytes a slot, at most three quarters of them taken. */
export interface DigestMap {
  readonly size: number
  /** 0: there is none. */
  get (key: WantKey): number
  /** Of 32 bits, not 0. False: the key is new, and there is no more memory. */
  set (key: WantKey, value: number): boolean
  /** Gives the memory back. */
  free (): void
}

/** A slot is a digest and the number, which is 0 in a free one. */
const SLOT_WORDS = DIGEST_WORDS + 1
const VALUE = DIGEST_WORDS
const FIRST_SLOTS = 16
const MAX_LOAD = 0.75

/** Creates a map with open addressing and linear probing. */
export function createDigestMap (memory: MapMemory): DigestMap {
  const digest = createKeyDigest()
  const sought = digest.words
  let slots = 0
  let words = new Uint32Array(0)
  let size = 0

  /** Where the digest is, or would be. */
  function place (): number {
    for (let slot = digest.hash() & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const at = slot * SLOT_WORDS

      if (words[at + VALUE] === 0 || (words[at] === sought[0] && words[at + 1] === sought[1] && words[at + 2] === sought[2] && words[at + 3] === sought[3])) {
        return at
      }
    }
  }

  /** Where the value of a key is; undefined: it has none. */
  function find (key: WantKey): number | undefined {
    if (size === 0) {
      return
    }

    digest.read(key)
    const at = place() + VALUE

    return words[at] === 0 ? undefined : at
  }

  function put (value: number): void {
    const at = place()
    words.set(sought, at)
    words[at + VALUE] = value
  }

  /** False: there is no memory for more. */
  function grow (): boolean {
    const before = words
    const next = Math.max(FIRST_SLOTS, 2 * slots)
    const bytes = next * SLOT_WORDS * words.BYTES_PER_ELEMENT

    // both exist while it moves
    if (memory.used + bytes > memory.max) {
      return false
    }

    memory.used += bytes - before.byteLength
    slots = next
    words = new Uint32Array(slots * SLOT_WORDS)

    for (let from = 0; from < before.length; from += SLOT_WORDS) {
      if (before[from + VALUE] !== 0) {
        digest.load(before.subarray(from, from + DIGEST_WORDS))
        put(before[from + VALUE])
      }
    }

    return true
  }

  return {
    get size () { return size },

    get (key) {
      const at = find(key)

      return at == null ? 0 : words[at]
    },

    set (key, value) {
      const at = find(key)

      if (at != null) {
        words[at] = value

        return true
      }

      if (size + 1 > MAX_LOAD * slots && !grow()) {
        return false
      }

      digest.read(key)
      put(value)
      size++

      return true
    },

    free () {
      memory.used -= words.byteLength
      words = new Uint32Array(0)
      slots = 0
      size = 0
    }
  }
}
