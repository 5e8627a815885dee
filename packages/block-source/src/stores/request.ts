import { DEFAULTS } from '../defaults.ts'
import { InvalidNameError, InvalidOptionError, ObjectTooLargeError, OutOfRangeError } from '../errors.ts'
import type { ObjectPart, ReadOptions } from '../object-store.ts'

/** Options of all stores. */
export interface StoreLimits {
  /** The largest read, in bytes; a larger one is refused before it begins. Default 64 MiB */
  readonly maxRead?: number
}

/** A read with checked options. */
export interface CheckedRead {
  readonly offset: number
  readonly length: number | undefined
  /** Whether it reads only a part, so that the request needs a range. */
  readonly ranged: boolean
}

/**
 * Checks that a name is valid in every store. A URL cannot express a `.` or `..` segment,
 * and in a folder such a segment would lead outside.
 *
 * @throws {InvalidNameError} if the name is invalid
 */
export function checkName (object: string): void {
  if (object === '' || /(?:^|\/)\.{1,2}(?:\/|$)|[\\\0]|^\//.test(object)) {
    throw new InvalidNameError(`${JSON.stringify(object)} is not a valid name of an object`)
  }
}

/**
 * @throws {InvalidNameError} if the name is not valid in every store
 * @throws {OutOfRangeError} if offset or length is not a whole number of at least 0, for example from a corrupt index
 * @throws {ObjectTooLargeError} if `length` is larger than allowed
 */
export function checkRead (object: string, { offset = 0, length, signal }: ReadOptions, maxRead: number): CheckedRead {
  checkName(object)
  signal?.throwIfAborted()

  if (!isSize(offset) || (length != null && !isSize(length))) {
    throw new OutOfRangeError(`${object}: there is no range of ${length ?? 'all'} bytes at offset ${offset}`)
  }

  if (length != null && length > maxRead) {
    throw new ObjectTooLargeError(`${object}: a read of ${length} bytes is larger than the allowed ${maxRead}`)
  }

  return { offset, length, ranged: offset > 0 || length != null }
}

/**
 * How many bytes a read returns, given the size of the object.
 *
 * @throws {OutOfRangeError} if the read begins beyond the end. Reading an empty object from its beginning is not an error.
 * @throws {ObjectTooLargeError} if the read is larger than allowed
 */
export function checkSize (object: string, { offset, length }: CheckedRead, size: number, maxRead: number): number {
  if (offset > 0 && offset >= size) {
    throw outOfRange(object, offset, size)
  }

  const count = Math.min(length ?? Infinity, size - offset)

  if (count > maxRead) {
    throw new ObjectTooLargeError(`${object}: a read of ${count} bytes is larger than the allowed ${maxRead}`)
  }

  return count
}

/** Makes the error for a read that begins beyond the end of an object; `size` is the object's, if it is known, in bytes. */
export function outOfRange (object: string, offset: number, size: number | undefined): OutOfRangeError {
  return new OutOfRangeError(`${object}: offset ${offset} is beyond the end${size == null ? '' : ` at ${size}`}`)
}

/** @throws {InvalidOptionError} if it is not a whole number above 0 */
export function checkMaxRead ({ maxRead = DEFAULTS.maxRead }: StoreLimits): number {
  if (!Number.isSafeInteger(maxRead) || maxRead < 1) {
    throw new InvalidOptionError(`maxRead must be a whole number of bytes above 0, not ${maxRead}`)
  }

  return maxRead
}

/** The result of a read of length 0. */
export function nothing (): ObjectPart {
  return { bytes: new Uint8Array(0) }
}

function isSize (value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
