/** Bytes that differ at each position, and between two seeds. */
export function testBytes (length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let state = seed * 2654435761 >>> 0

  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
}
