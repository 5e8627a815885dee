/**
 * Part of an array without copying it. Unlike `subarray` this gives a plain Uint8Array
 * also of a Node.js Buffer, whose `slice` would not copy.
 */
export function view (bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

/**
 * Part of an array in a buffer of its own
 */
export function copy (bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copied = new Uint8Array(end - start)
  copied.set(view(bytes, start, end))

  return copied
}
