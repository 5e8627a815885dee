import { createKeyDigest, DIGEST_WORDS } from './key-digest.ts'
import type { KeyDigest } from './key-digest.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Memory that several maps share, bytes. */
export interface MapMemory {
  used: number
  readonly max: number
}

/** A slot is a digest and the number, which is 0 in a free one. */
const SLOT_WORDS = DIGEST_WORDS + 1
const VALUE = DIGEST_WORDS
const FIRST_SLOTS = 16
const MAX_LOAD = 0.75

/** A number for each key, in a typed array: 20 bytes a slot, at most three quarters of them taken. It probes linearly. */
export class DigestMap {
  readonly #memory: MapMemory
  readonly #digest: KeyDigest
  #slots = 0
  #words = new Uint32Array(0)
  #size = 0

  constructor (memory: MapMemory, digest = createKeyDigest()) {
    this.#memory = memory
    this.#digest = digest
  }

  get size (): number {
    return this.#size
  }

  /** The digest of a key as text: the same for keys that are taken for one. */
  digest (key: WantKey): string {
    this.#digest.read(key)

    return this.#digest.words.join()
  }

  /** 0: there is none. */
  get (key: WantKey): number {
    const at = this.#find(key)

    return at == null ? 0 : this.#words[at]
  }

  /** A number of 32 bits, not 0. False: the key is new, and there is no more memory. */
  set (key: WantKey, value: number): boolean {
    const at = this.#find(key)

    if (at != null) {
      this.#words[at] = value

      return true
    }

    if (this.#size + 1 > MAX_LOAD * this.#slots && !this.#grow()) {
      return false
    }

    this.#digest.read(key)
    this.#put(value)
    this.#size++

    return true
  }

  /** Gives the memory back. */
  free (): void {
    this.#memory.used -= this.#words.byteLength
    this.#words = new Uint32Array(0)
    this.#slots = 0
    this.#size = 0
  }

  /** Where the value of a key is; undefined: it has none. */
  #find (key: WantKey): number | undefined {
    if (this.#size === 0) {
      return
    }

    this.#digest.read(key)
    const at = this.#offset() + VALUE

    return this.#words[at] === 0 ? undefined : at
  }

  /** The first word of the slot that has the digest, or would have it. */
  #offset (): number {
    const words = this.#words
    const mask = this.#slots - 1
    const sought = this.#digest.words

    for (let slot = this.#digest.hash() & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT_WORDS

      if (words[at + VALUE] === 0 || (words[at] === sought[0] && words[at + 1] === sought[1] && words[at + 2] === sought[2] && words[at + 3] === sought[3])) {
        return at
      }
    }
  }

  #put (value: number): void {
    const at = this.#offset()
    this.#words.set(this.#digest.words, at)
    this.#words[at + VALUE] = value
  }

  /** False: there is no memory for more. */
  #grow (): boolean {
    const before = this.#words
    const slots = Math.max(FIRST_SLOTS, 2 * this.#slots)
    const bytes = slots * SLOT_WORDS * before.BYTES_PER_ELEMENT

    // both exist while it moves
    if (this.#memory.used + bytes > this.#memory.max) {
      return false
    }

    this.#memory.used += bytes - before.byteLength
    this.#slots = slots
    this.#words = new Uint32Array(slots * SLOT_WORDS)

    for (let from = 0; from < before.length; from += SLOT_WORDS) {
      if (before[from + VALUE] !== 0) {
        this.#digest.load(before.subarray(from, from + DIGEST_WORDS))
        this.#put(before[from + VALUE])
      }
    }

    return true
  }
}
