/** Two hashes of a key, 32 bits each. */
export interface Hashed {
  readonly first: number
  readonly second: number
}

/** Bits that each key sets: the best number for the rate below. */
const HASHES = 7

/** How often a filter that is not full takes a key that it does not hold for one that it holds. */
export const FALSE_POSITIVE_RATE = 0.01

/** What that takes, bits a key. */
const BITS_PER_KEY = -HASHES / Math.log(1 - FALSE_POSITIVE_RATE ** (1 / HASHES))

/** Less is not worth to be saved, bytes. */
const MIN_BYTES = 1 << 12

/**
 * A set of keys that recognises each key that it holds, and some that it does not hold (Bloom 1970). It is filled at its largest
 * size, since it is not known how many keys come, and then folded to the size that they need.
 *
 * All bits of a key follow from two hashes of it (Kirsch and Mitzenmacher 2006).
 */
export class BloomFilter {
  #words: Uint32Array
  #mask: number
  #keys = 0

  /** @param maxBytes - rounded down to a power of two */
  constructor (maxBytes: number) {
    const bytes = 2 ** Math.floor(Math.log2(Math.max(maxBytes, MIN_BYTES)))
    this.#words = new Uint32Array(bytes / 4)
    this.#mask = bytes * 8 - 1
  }

  /** Distinct keys, but for those that were taken for others. */
  get keys (): number {
    return this.#keys
  }

  get bytes (): number {
    return this.#words.byteLength
  }

  /** Keys for which the rate of false positives stays within {@link FALSE_POSITIVE_RATE}. */
  get capacity (): number {
    return Math.floor(this.bytes * 8 / BITS_PER_KEY)
  }

  /** The share of other keys that are taken for its own. */
  get falsePositiveRate (): number {
    return (1 - Math.exp(-HASHES * this.#keys / (this.bytes * 8))) ** HASHES
  }

  add ({ first, second }: Hashed): void {
    const step = second | 1
    let isNew = false

    for (let i = 0, at = first; i < HASHES; i++, at = (at + step) | 0) {
      const bit = at & this.#mask
      const flag = 1 << (bit & 31)

      if ((this.#words[bit >>> 5] & flag) === 0) {
        this.#words[bit >>> 5] |= flag
        isNew = true
      }
    }

    if (isNew) {
      this.#keys++
    }
  }

  has ({ first, second }: Hashed): boolean {
    const step = second | 1

    for (let i = 0, at = first; i < HASHES; i++, at = (at + step) | 0) {
      const bit = at & this.#mask

      if ((this.#words[bit >>> 5] & 1 << (bit & 31)) === 0) {
        return false
      }
    }

    return true
  }

  /** Frees what the keys do not need, but for as many again. */
  fold (): void {
    let length = this.#words.length

    while (length * 4 > MIN_BYTES && this.#keys * 2 * BITS_PER_KEY <= length * 16) {
      length /= 2
    }

    if (length < this.#words.length) {
      const folded = this.#words.slice(0, length)

      for (let i = length; i < this.#words.length; i++) {
        folded[i & (length - 1)] |= this.#words[i]
      }

      this.#words = folded
      this.#mask = length * 32 - 1
    }
  }
}
