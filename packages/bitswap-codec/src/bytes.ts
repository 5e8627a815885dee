/**
 * Returns part of an array without copying it. Unlike `subarray` it returns a plain
 * Uint8Array even for a Node.js Buffer, whose `slice` would not copy.
 */
export function view (bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)
}

/**
 * Copies part of an array into its own buffer
 */
export function copy (bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copied = new Uint8Array(end - start)
  copied.set(view(bytes, start, end))

  return copied
}
