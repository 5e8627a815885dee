import { DEFAULTS } from '../defaults.ts'
import { InvalidNameError, InvalidOptionError, ObjectTooLargeError, OutOfRangeError } from '../errors.ts'
import type { ObjectPart, ReadOptions } from '../object-store.ts'

/** What all stores can be told. */
export interface StoreLimits {
  /** The most that one read may return, in bytes: a larger one is refused before it begins. Default 64 MiB */
  readonly maxRead?: number
}

/** A read whose options were checked. */
export interface CheckedRead {
  readonly offset: number
  readonly length: number | undefined
  /** Whether it is of a part, so that a range has to be asked for. */
  readonly ranged: boolean
}

/**
 * Whether the name is one that every store can have. A URL cannot express a `.`
 * or `..` segment, and in a folder it would lead out of it.
 *
 * @throws {InvalidNameError} if it is not
 */
export function checkName (object: string): void {
  if (object === '' || /(?:^|\/)\.{1,2}(?:\/|$)|[\\\0]|^\//.test(object)) {
    throw new InvalidNameError(`${JSON.stringify(object)} is no name of an object`)
  }
}

/**
 * @throws {InvalidNameError} if the name is one that not every store can have
 * @throws {OutOfRangeError} if offset or length is no whole number of at least 0: what a corrupt index says
 * @throws {ObjectTooLargeError} if `length` is larger than allowed
 */
export function checkRead (object: string, { offset = 0, length, signal }: ReadOptions, maxRead: number): CheckedRead {
  checkName(object)
  signal?.throwIfAborted()

  if (!isSize(offset) || (length != null && !isSize(length))) {
    throw new OutOfRangeError(`${object}: there is no range of ${length ?? 'all'} bytes at offset ${offset}`)
  }
  if (length != null && length > maxRead) {
    throw new ObjectTooLargeError(`${object}: a read of ${length} bytes, where ${maxRead} are allowed`)
  }
  return { offset, length, ranged: offset > 0 || length != null }
}

/**
 * How many bytes a read returns of an object of that size.
 *
 * @throws {OutOfRangeError} if it begins behind the end. At the very beginning of an empty object there is nothing to read, which is no error.
 * @throws {ObjectTooLargeError} if they are more than allowed
 */
export function checkSize (object: string, { offset, length }: CheckedRead, size: number, maxRead: number): number {
  if (offset > 0 && offset >= size) {
    throw outOfRange(object, offset, size)
  }
  const count = Math.min(length ?? Infinity, size - offset)
  if (count > maxRead) {
    throw new ObjectTooLargeError(`${object}: a read of ${count} bytes, where ${maxRead} are allowed`)
  }
  return count
}

export function outOfRange (object: string, offset: number, size: number | undefined): OutOfRangeError {
  return new OutOfRangeError(`${object}: offset ${offset} is behind the end${size == null ? '' : `, at ${size}`}`)
}

/** @throws {InvalidOptionError} if it is no whole number above 0 */
export function checkMaxRead ({ maxRead = DEFAULTS.maxRead }: StoreLimits): number {
  if (!Number.isSafeInteger(maxRead) || maxRead < 1) {
    throw new InvalidOptionError(`maxRead is a whole number of bytes above 0, not ${maxRead}`)
  }
  return maxRead
}

/** A read of nothing. */
export function nothing (): ObjectPart {
  return { bytes: new Uint8Array(0) }
}

function isSize (value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
