import { halfSipHash } from '../indexes/half-sip-hash.ts'

/**
 * Bits per key: with eleven hashes, one absent key in 2,200 is taken for a present one. So a
 * wantlist of 1,000 absent blocks costs about seven reads in a map of sixteen shards.
 */
const BITS_PER_KEY = 16

const HASHES = 11

/** The length of a filter for this number of keys, in bytes. */
export function filterLength (keys: number): number {
  return Math.max(8, Math.ceil(keys * BITS_PER_KEY / 8))
}

/** Adds a key to a Bloom filter. */
export function addToFilter (filter: Uint8Array, seed: Uint32Array, key: Uint8Array): void {
  const { first, step, bits } = hashes(filter, seed, key)

  for (let i = 0; i < HASHES; i++) {
    const bit = (first + i * step) % bits
    filter[Math.floor(bit / 8)] |= 1 << (bit % 8)
  }
}

/** Whether a key may have been added: never `false` for one that was. */
export function mayContain (filter: Uint8Array, seed: Uint32Array, key: Uint8Array): boolean {
  const { first, step, bits } = hashes(filter, seed, key)

  for (let i = 0; i < HASHES; i++) {
    const bit = (first + i * step) % bits

    if ((filter[Math.floor(bit / 8)] & (1 << (bit % 8))) === 0) {
      return false
    }
  }

  return true
}

/** Two keyed hashes, from which the others follow. Without the seed, an attacker cannot find absent keys that seem present. */
function hashes (filter: Uint8Array, seed: Uint32Array, key: Uint8Array): { first: number, step: number, bits: number } {
  const bits = filter.length * 8

  return {
    first: halfSipHash(key, seed),
    step: halfSipHash(key, Uint32Array.of(~seed[0], ~seed[1])) % bits,
    bits
  }
}
