/** {@link readVarint} returns this if the bytes end within the varint. */
export const ENDS_EARLY = -1

/** {@link readVarint} returns this for a varint greater than 2^53 - 1, or one that is not minimal. */
export const MALFORMED = -2

/**
 * Reads an unsigned varint at `at`, looking no further than `end`. Returns its
 * value, {@link ENDS_EARLY} or {@link MALFORMED}: this runs once for each section
 * of a scan, so it allocates nothing.
 */
export function readVarint (bytes: Uint8Array, at: number, end: number = bytes.length): number {
  let value = 0
  let factor = 1

  for (let i = at; i < end; i++) {
    const byte = bytes[i]
    value += (byte & 0x7f) * factor

    if (byte < 0x80) {
      const minimal = byte !== 0 || i === at

      return minimal && value <= Number.MAX_SAFE_INTEGER ? value : MALFORMED
    }

    if (i - at === 7) {
      return MALFORMED
    }

    factor *= 0x80
  }

  return ENDS_EARLY
}

/** The length of a value's minimal varint, in bytes. */
export function varintLength (value: number): number {
  let length = 1

  for (let rest = value; rest >= 0x80; rest /= 0x80) {
    length++
  }

  return length
}

/** Reads an unsigned 64-bit integer, little endian. `undefined` if it is greater than 2^53 - 1. */
export function readUint64 (bytes: Uint8Array, at: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const value = view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)

  return value <= Number.MAX_SAFE_INTEGER ? value : undefined
}
