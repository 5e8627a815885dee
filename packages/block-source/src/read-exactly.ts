import { ObjectMissingError, TruncatedError } from './errors.ts'
import type { ObjectStore } from './object-store.ts'

/** A range of an object that must exist. */
export interface ExactRead {
  readonly offset?: number
  readonly length: number
  readonly ifMatch?: string
  readonly signal?: AbortSignal
}

/** The complete bytes of a range, with the object's version. */
export interface ExactPart {
  readonly bytes: Uint8Array
  readonly size: number
  readonly etag?: string
}

/**
 * Reads a range of an object that must exist, up to its end at most. If the store does
 * not tell the size, this asks for it.
 *
 * @throws {ObjectMissingError} if the object does not exist
 * @throws {TruncatedError} if the store returned fewer bytes than exist: a parser would mistake their end for the end of the object
 */
export async function readExactly (store: ObjectStore, object: string, read: ExactRead): Promise<ExactPart> {
  const part = await store.read(object, read)
  const size = part == null ? undefined : part.size ?? (await store.stat(object, { signal: read.signal }))?.size

  if (part == null || size == null) {
    throw new ObjectMissingError(`${object} does not exist`)
  }

  const { offset = 0, length } = read
  const expected = Math.max(0, Math.min(length, size - offset))

  if (part.bytes.length !== expected) {
    throw new TruncatedError(`${object}: the store returned ${part.bytes.length} bytes at offset ${offset}, but there are ${expected}`)
  }

  return { bytes: part.bytes, size, etag: part.etag }
}
