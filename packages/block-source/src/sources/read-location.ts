import { MAX_SECTION_HEAD, parseSection } from '../car/section.ts'
import { MalformedCarError, ObjectMissingError, ObjectTooLargeError, TruncatedError } from '../errors.ts'
import type { Location } from '../block-index.ts'
import type { ObjectPart, ObjectStore } from '../object-store.ts'
import type { CID } from 'multiformats/cid'

export interface LocationLimits {
  /** A longer block is refused before it is read, in bytes. */
  readonly maxBlock: number
  /** How much is read of a section whose length is not known, in bytes. */
  readonly sectionGuess: number
}

/** What a read found of a block: all of it, or where in the object it is. */
export type Found = { readonly bytes: Uint8Array } | { readonly offset: number, readonly length: number }

/**
 * Finds a block in bytes that were read of an object, the first of which is at
 * `base` in it. Its `size` is undefined if the store does not tell.
 *
 * @throws {MalformedCarError} if there is no section, or one of another block
 * @throws {ObjectTooLargeError} if it is longer than allowed
 * @throws {TruncatedError} if the object ends before the block does
 */
export function findBlock (cid: CID, location: Location, bytes: Uint8Array, base: number, size: number | undefined, maxBlock: number): Found {
  const { offset, length } = placeOf(cid, location, bytes, base, size, maxBlock)
  const start = offset - base
  const end = start + length

  if (start >= 0 && end <= bytes.byteLength) {
    return { bytes: separate(bytes, start, end) }
  }
  if (size != null && offset + length > size) {
    throw new TruncatedError(`${location.object}: ${cid} ends at ${offset + length}, behind the end of the object, at ${size}`)
  }
  return { offset, length }
}

function placeOf (cid: CID, location: Location, bytes: Uint8Array, base: number, size: number | undefined, maxBlock: number): { offset: number, length: number } {
  const { object, at, offset, length } = location

  if (at === 'block') {
    if (length == null) {
      throw new MalformedCarError('an index says where a block is, but not how long', { object, offset })
    }
    checkLength(cid, location, length, maxBlock)
    return { offset, length }
  }
  const section = parseSection(bytes, offset - base, { object, base, end: size, maxSectionLength: maxBlock + MAX_SECTION_HEAD })
  if (section == null) {
    throw new TruncatedError(`${object}: the section at ${offset} is not all there`)
  }
  if (!equal(section.multihash, cid.multihash.bytes)) {
    throw new MalformedCarError(`the section is not of ${cid}`, { object, offset })
  }
  checkLength(cid, location, section.blockLength, maxBlock)
  return { offset: section.blockOffset, length: section.blockLength }
}

/**
 * Reads a block from a place: in one read if its length is known or was guessed
 * well, else in two.
 */
export async function readLocation (store: ObjectStore, cid: CID, location: Location, { maxBlock, sectionGuess }: LocationLimits, signal?: AbortSignal): Promise<Uint8Array> {
  const { object, offset, etag: ifMatch } = location
  const length = firstRead(cid, location, maxBlock, sectionGuess)
  const part = present(object, await store.read(object, { offset, length, ifMatch, signal }))
  const found = findBlock(cid, location, part.bytes, offset, part.size, maxBlock)

  if ('bytes' in found) {
    return found.bytes
  }
  const have = part.bytes.subarray(Math.max(0, found.offset - offset))
  const rest = present(object, await store.read(object, { offset: found.offset + have.byteLength, length: found.length - have.byteLength, ifMatch: ifMatch ?? part.etag, signal }))
  if (have.byteLength + rest.bytes.byteLength !== found.length) {
    throw new TruncatedError(`${object}: ${cid} ends behind the end of the object`)
  }
  const bytes = new Uint8Array(found.length)
  bytes.set(have)
  bytes.set(rest.bytes, have.byteLength)
  return bytes
}

/** The length of a block at a place, without reading the block. */
export async function statLocation (store: ObjectStore, cid: CID, location: Location, { maxBlock }: LocationLimits, signal?: AbortSignal): Promise<number> {
  const { object, offset, length, at, etag: ifMatch } = location

  if (at === 'block' && length != null) {
    checkLength(cid, location, length, maxBlock)
    return length
  }
  // room for the varint of a length and for any CID that is in use
  const part = present(object, await store.read(object, { offset, length: 256, ifMatch, signal }))
  return placeOf(cid, location, part.bytes, offset, part.size, maxBlock).length
}

/** How much to read at first. The length that an index says is bounded before anything is read. */
function firstRead (cid: CID, location: Location, maxBlock: number, sectionGuess: number): number {
  const { at, length, limit } = location

  if (at === 'block') {
    checkLength(cid, location, length ?? 0, maxBlock)
    return length ?? 0
  }
  return Math.min(length ?? limit ?? sectionGuess, maxBlock + MAX_SECTION_HEAD)
}

function checkLength (cid: CID, { object, offset }: Location, length: number, maxBlock: number): void {
  if (!(length <= maxBlock)) {
    throw new ObjectTooLargeError(`${object}, offset ${offset}: ${cid} would have ${length} bytes, where ${maxBlock} are allowed`)
  }
}

export function present (object: string, part: ObjectPart | undefined): ObjectPart {
  if (part == null) {
    throw new ObjectMissingError(`${object} is in the index, and does not exist`)
  }
  return part
}

/** A part that keeps no much larger buffer in memory. */
function separate (bytes: Uint8Array, start: number, end: number): Uint8Array {
  return (end - start) * 8 >= bytes.buffer.byteLength * 7 ? bytes.subarray(start, end) : bytes.slice(start, end)
}

function equal (a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i])
}
