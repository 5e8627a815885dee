import { MAX_SECTION_HEAD, parseSection } from '../car/section.ts'
import { MalformedCarError, ObjectMissingError, ObjectTooLargeError, TruncatedError } from '../errors.ts'
import type { Location } from '../block-index.ts'
import type { ObjectStore } from '../object-store.ts'
import type { CID } from 'multiformats/cid'

interface LocationLimits {
  /** The longest block, in bytes; a longer one is refused before it is read. */
  readonly maxBlock: number
  /** How much to read of a section of unknown length, in bytes. */
  readonly sectionGuess: number
}

/** The result of a read: the whole block, a view of what was read, or its position in the object. */
export type Found = { readonly bytes: Uint8Array } | { readonly offset: number, readonly length: number }

/**
 * Finds a block in bytes that were read from an object, beginning at offset `base`.
 * `size` is that of the object; undefined if the store does not tell.
 *
 * @throws {MalformedCarError} if there is no section, or the section of another block
 * @throws {ObjectTooLargeError} if the block is longer than allowed
 * @throws {TruncatedError} if the object ends before the block does
 */
export function findBlock (cid: CID, location: Location, bytes: Uint8Array, base: number, size: number | undefined, maxBlock: number): Found {
  const { offset, length } = placeOf(cid, location, bytes, base, size, maxBlock)
  const start = offset - base
  const end = start + length

  if (start >= 0 && end <= bytes.byteLength) {
    return { bytes: bytes.subarray(start, end) }
  }

  if (size != null && offset + length > size) {
    throw new TruncatedError(`${location.object}: ${cid} ends at ${offset + length}, beyond the end of the object at ${size}`)
  }

  return { offset, length }
}

function placeOf (cid: CID, location: Location, bytes: Uint8Array, base: number, size: number | undefined, maxBlock: number): { offset: number, length: number } {
  const { object, at, offset, length } = location

  if (at === 'block') {
    if (length == null) {
      throw new MalformedCarError('the index states the offset of a block, but not its length', { object, offset })
    }

    checkLength(cid, location, length, maxBlock)

    return { offset, length }
  }

  const section = parseSection(bytes, offset - base, { object, base, end: size, maxSectionLength: maxBlock + MAX_SECTION_HEAD })

  if (section == null) {
    throw new TruncatedError(`${object}: the section at ${offset} is incomplete`)
  }

  if (!equal(section.multihash, cid.multihash.bytes)) {
    throw new MalformedCarError(`the section belongs to a block other than ${cid}`, { object, offset })
  }

  checkLength(cid, location, section.blockLength, maxBlock)

  return { offset: section.blockOffset, length: section.blockLength }
}

/**
 * Reads a block from a location: in one read if its length is known or was guessed
 * well, otherwise in two.
 */
export async function readLocation (store: ObjectStore, cid: CID, location: Location, { maxBlock, sectionGuess }: LocationLimits, signal?: AbortSignal): Promise<Uint8Array> {
  const { object, offset, etag: ifMatch } = location
  const length = firstRead(cid, location, maxBlock, sectionGuess)
  const part = present(object, await store.read(object, { offset, length, ifMatch, signal }))
  const found = findBlock(cid, location, part.bytes, offset, part.size, maxBlock)

  if ('bytes' in found) {
    return separate(found.bytes)
  }

  const have = part.bytes.subarray(Math.max(0, found.offset - offset))
  const rest = present(object, await store.read(object, { offset: found.offset + have.byteLength, length: found.length - have.byteLength, ifMatch: ifMatch ?? part.etag, signal }))

  if (have.byteLength + rest.bytes.byteLength !== found.length) {
    throw new TruncatedError(`${object}: ${cid} ends beyond the end of the object`)
  }

  const bytes = new Uint8Array(found.length)
  bytes.set(have)
  bytes.set(rest.bytes, have.byteLength)

  return bytes
}

/** The length of a block at a location, without reading the block. */
export async function statLocation (store: ObjectStore, cid: CID, location: Location, { maxBlock }: LocationLimits, signal?: AbortSignal): Promise<number> {
  const { object, offset, length, at, etag: ifMatch } = location

  if (at === 'block' && length != null) {
    checkLength(cid, location, length, maxBlock)

    return length
  }

  // enough for the varint of a length and for any common CID
  const part = present(object, await store.read(object, { offset, length: 256, ifMatch, signal }))

  return placeOf(cid, location, part.bytes, offset, part.size, maxBlock).length
}

/** How much to read first. The index's length is checked against the limit before anything is read. */
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
    throw new ObjectTooLargeError(`${object}, offset ${offset}: ${cid} would have ${length} bytes, more than the allowed ${maxBlock}`)
  }
}

/**
 * Returns the part, if the object that the index names exists.
 *
 * @throws {ObjectMissingError} otherwise
 */
export function present<T> (object: string, part: T | undefined): T {
  if (part == null) {
    throw new ObjectMissingError(`${object} is in the index, but does not exist`)
  }

  return part
}

/** The bytes of a view, copied if it would keep a much larger buffer in memory. Unlike `slice`, the constructor does not write zeros first. */
export function separate (view: Uint8Array): Uint8Array {
  return view.byteLength * 8 >= view.buffer.byteLength * 7 ? view : new Uint8Array(view)
}

function equal (a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i])
}
