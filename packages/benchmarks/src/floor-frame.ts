import { createCipheriv } from 'node:crypto'

/** Bytes of the largest noise frame with its length: 2 + 65,535. */
export const FRAME = 65_537
/** Bytes of its authentication tag. */
export const TAG = 16
/** All frames of the floor are the same frame: a fixed key and nonce cost as much as fresh ones. */
export const KEY = Buffer.alloc(32, 7)
/** The nonce of all frames; see {@link KEY}. */
export const NONCE = Buffer.alloc(12)

/** The frame, as noise would send it. */
export function floorFrame (): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', KEY, NONCE, { authTagLength: TAG })
  const encrypted = cipher.update(Buffer.alloc(FRAME - 2 - TAG, 1))
  cipher.final()

  const length = Buffer.alloc(2)
  length.writeUInt16BE(FRAME - 2)

  return Buffer.concat([length, encrypted, cipher.getAuthTag()])
}
