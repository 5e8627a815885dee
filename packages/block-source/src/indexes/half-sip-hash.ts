/**
 * HalfSipHash-2-4 with 32 bits of output, by Aumasson and Bernstein: a keyed hash
 * for tables. Without the key, an attacker cannot choose inputs that collide.
 *
 * The code of the round is repeated, because a function that changes variables of this
 * one takes three times as long.
 *
 * @param bytes - the bytes to hash
 * @param key - two random words
 */
export function halfSipHash (bytes: Uint8Array, key: Uint32Array): number {
  const whole = bytes.length & ~3
  let v0 = key[0] | 0
  let v1 = key[1] | 0
  let v2 = 0x6c796765 ^ v0
  let v3 = 0x74656462 ^ v1

  for (let at = 0; at <= whole; at += 4) {
    const word = at < whole
      ? bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
      : lastWord(bytes, whole)
    v3 ^= word

    for (let round = 0; round < 2; round++) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }

    v0 ^= word
  }

  v2 ^= 0xff

  for (let round = 0; round < 4; round++) {
    v0 = (v0 + v1) | 0
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
    v0 = (v0 + v3) | 0
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
    v2 = (v2 + v1) | 0
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
    v2 = (v2 << 16) | (v2 >>> 16)
  }

  return (v1 ^ v3) >>> 0
}

/** The last word: the remaining bytes, and the length of the input. */
function lastWord (bytes: Uint8Array, whole: number): number {
  let word = bytes.length << 24

  for (let i = whole; i < bytes.length; i++) {
    word |= bytes[i] << (8 * (i - whole))
  }

  return word
}
