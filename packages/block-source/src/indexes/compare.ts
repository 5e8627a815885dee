/** Compares two byte strings of the same length at the given offsets, like memcmp. */
export function compareBytes (a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): number {
  for (let i = 0; i < length; i++) {
    const difference = a[aAt + i] - b[bAt + i]

    if (difference !== 0) {
      return difference
    }
  }

  return 0
}
