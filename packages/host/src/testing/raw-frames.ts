/** A yamux frame, valid or not: `length` is the length that its header declares. */
export function yamuxFrame (type: number, flag: number, streamID: number, length: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(12 + data.byteLength)
  const view = new DataView(frame.buffer)
  view.setUint8(1, type)
  view.setUint16(2, flag)
  view.setUint32(4, streamID)
  view.setUint32(8, length)
  frame.set(data, 12)

  return frame
}

/** The same bytes, `count` times. */
export function repeated (count: number, bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(count * bytes.byteLength)

  for (let i = 0; i < count; i++) {
    all.set(bytes, i * bytes.byteLength)
  }

  return all
}
