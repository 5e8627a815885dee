import type { Connection, MessageStream } from '@libp2p/interface'

/** Sends bytes over a connection's encryption that its muxer has not made. */
export function sendUnmuxed (connection: Connection, data: Uint8Array): void {
  const { muxer } = connection as unknown as { muxer: { maConn: MessageStream } }
  muxer.maConn.send(data)
}

/** A yamux frame. `length` is what its header declares. */
export function yamuxFrame (type: number, flag: number, streamID: number, length: number, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = Buffer.alloc(12 + data.byteLength)
  frame[1] = type
  frame.writeUInt16BE(flag, 2)
  frame.writeUInt32BE(streamID, 4)
  frame.writeUInt32BE(length, 8)
  frame.set(data, 12)

  return frame
}

/** The same frames again and again. */
export function repeated (count: number, ...frames: Uint8Array[]): Uint8Array {
  const one = Buffer.concat(frames)

  return Buffer.concat(Array.from({ length: count }, () => one))
}
