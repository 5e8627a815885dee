import type { WantKey } from '@kitsune/bitswap-codec'

/** Words of 32 bits in a digest. */
export const DIGEST_WORDS = 4

/**
 * Digests of keys in 16 bytes: the end of the key, into which all that comes before is mixed by secret random
 * numbers. So two keys that differ anywhere are taken for one by chance alone, and no client can make them so.
 */
export interface KeyDigest {
  /** The digest that was read or loaded last. */
  readonly words: Uint32Array
  /** Takes the digest of a key. */
  read (key: WantKey): void
  /** Takes a digest that was read before. */
  load (words: Uint32Array): void
  /** 32 bits that say where in a table it goes. Clients choose the keys, so this depends on the secret numbers as well. */
  hash (): number
}

/** Creates a reader of digests with its own secret numbers: only digests of the same reader can be compared. */
export function createKeyDigest (): KeyDigest {
  const factors = crypto.getRandomValues(new Uint32Array(4)).map(n => n | 1)
  const words = new Uint32Array(DIGEST_WORDS)

  return {
    words,

    read (key) {
      const start = Math.max(0, key.length - 4 * DIGEST_WORDS)
      let high = key.length
      let low = factors[3]

      for (let at = 0; at < start; at++) {
        high = Math.imul(high ^ key.charCodeAt(at), factors[0])
        high ^= high >>> 15
        low = Math.imul(low ^ key.charCodeAt(at), factors[1])
        low ^= low >>> 13
      }

      // past the end of a short key there is NaN, which counts as 0
      for (let word = 0, at = start; word < DIGEST_WORDS; word++, at += 4) {
        words[word] = key.charCodeAt(at) << 24 | key.charCodeAt(at + 1) << 16 | key.charCodeAt(at + 2) << 8 | key.charCodeAt(at + 3)
      }

      words[0] ^= high
      words[1] ^= low
    },

    load (from) {
      words.set(from)
    },

    hash () {
      let hash = 0

      for (let word = 0; word < DIGEST_WORDS; word++) {
        hash = Math.imul(hash ^ words[word], factors[word])
        hash ^= hash >>> 15
      }

      return hash
    }
  }
}
