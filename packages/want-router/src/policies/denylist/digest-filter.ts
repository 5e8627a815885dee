import { base64 } from 'multiformats/bases/base64'
import { DenylistFormatError } from '../../errors.ts'

/** What the text of a filter begins with. */
const HEAD = 'kitsune-filter-1:'
/** Bits per digest, and how many of them are set: with these, one absent digest in 15,000 is taken for a present one. */
const BITS_PER_DIGEST = 20
const HASHES = 14
const MIN_LENGTH = 8

/** A Bloom filter of sha2-256 digests, which are their own hashes. */
export class DigestFilter {
  readonly #bytes: Uint8Array

  private constructor (bytes: Uint8Array) {
    this.#bytes = bytes
  }

  static of (digests: readonly Uint8Array[]): DigestFilter {
    const filter = new DigestFilter(new Uint8Array(Math.max(MIN_LENGTH, Math.ceil(digests.length * BITS_PER_DIGEST / 8))))
    digests.forEach(digest => { filter.#add(digest) })

    return filter
  }

  /** @throws {DenylistFormatError} the text is not a filter */
  static parse (text: string): DigestFilter {
    try {
      if (text.startsWith(HEAD)) {
        const bytes = base64.baseDecode(text.slice(HEAD.length).trim())

        if (bytes.length >= MIN_LENGTH) {
          return new DigestFilter(bytes)
        }
      }
    } catch {
      // it is not base64
    }

    throw new DenylistFormatError(`the filter does not begin with ${HEAD} and base64`)
  }

  /** Never false for a digest that was added. */
  mayHave (digest: Uint8Array): boolean {
    const { first, step, bits } = this.#placesOf(digest)

    for (let i = 0; i < HASHES; i++) {
      const bit = (first + i * step) % bits

      if ((this.#bytes[Math.floor(bit / 8)] & 1 << bit % 8) === 0) {
        return false
      }
    }

    return true
  }

  /** What `parse` reads. */
  toString (): string {
    return HEAD + base64.baseEncode(this.#bytes)
  }

  #add (digest: Uint8Array): void {
    const { first, step, bits } = this.#placesOf(digest)

    for (let i = 0; i < HASHES; i++) {
      const bit = (first + i * step) % bits
      this.#bytes[Math.floor(bit / 8)] |= 1 << bit % 8
    }
  }

  #placesOf (digest: Uint8Array): { first: number, step: number, bits: number } {
    const view = new DataView(digest.buffer, digest.byteOffset)

    return { first: view.getUint32(0), step: view.getUint32(4), bits: this.#bytes.length * 8 }
  }
}
