/**
 * A seeded 32-bit hash of a latin1 string (FNV-1a's loop with murmur3's
 * finaliser). CIDs are chosen by strangers, so without the seed a stranger could
 * aim all of them at one member.
 */
export function hashString (text: string, seed: number): number {
  let h = (seed ^ 0x811c9dc5) >>> 0

  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  }

  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)

  return (h ^ (h >>> 16)) >>> 0
}
