/**
 * HalfSipHash-2-4 with 32 bits of output, by Aumasson and Bernstein: a keyed hash
 * for tables. Without the key nobody can choose inputs that collide.
 *
 * @param bytes - what to hash
 * @param key - two random words
 */
export function halfSipHash (bytes: Uint8Array, key: Uint32Array): number {
  let v0 = key[0]
  let v1 = key[1]
  let v2 = 0x6c796765 ^ key[0]
  let v3 = 0x74656462 ^ key[1]

  function round (): void {
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

  const whole = bytes.length & ~3

  for (let i = 0; i < whole; i += 4) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    v3 ^= word
    round()
    round()
    v0 ^= word
  }

  let last = bytes.length << 24

  for (let i = whole; i < bytes.length; i++) {
    last |= bytes[i] << (8 * (i - whole))
  }

  v3 ^= last
  round()
  round()
  v0 ^= last
  v2 ^= 0xff
  round()
  round()
  round()
  round()

  return (v1 ^ v3) >>> 0
}
