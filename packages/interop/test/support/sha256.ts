import { createHash } from 'node:crypto'

/** In hexadecimal. */
export function sha256 (bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
