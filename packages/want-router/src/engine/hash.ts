/**
 * A seeded 32-bit hash of a latin1 string (FNV-1a's loop with murmur3's finaliser).
 * Clients choose CIDs, so without the seed an attacker could direct all of them at one
 * member.
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
