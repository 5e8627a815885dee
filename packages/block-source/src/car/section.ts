import { DEFAULTS } from '../defaults.ts'
import { MalformedCarError } from '../errors.ts'
import { ENDS_EARLY, MALFORMED, readVarint, varintLength } from './varint.ts'

/** The longest CID in a section, in bytes. Only identity CIDs are nearly as long; go-car does not index longer ones either. */
const MAX_CID_LENGTH = 2048

/** The most bytes that precede a block in its section: a varint and a CID. */
export const MAX_SECTION_HEAD: number = 8 + MAX_CID_LENGTH

/** A section of a CAR: a length, a CID, and the block. Offsets count from the start of the object. */
export interface Section {
  /** Where the section begins, at its length. */
  readonly offset: number
  /** The binary CID, a view of the bytes that were parsed. */
  readonly cid: Uint8Array
  /** The multihash of the CID, a view of the same bytes. */
  readonly multihash: Uint8Array
  /** Where the block begins. */
  readonly blockOffset: number
  /** How long the block is, in bytes. */
  readonly blockLength: number
}

/** The origin of the bytes to parse, and their limits. */
export interface SectionContext {
  /** The name of the object, for errors. */
  readonly object: string
  /** Where in the object the first of the bytes is. */
  readonly base: number
  /** Where in the object the section must have ended. Default: unknown */
  readonly end?: number
  /** Longer sections are refused. Default 4 MiB */
  readonly maxSectionLength?: number
}

/**
 * Parses the bytes that precede a block in a CAR. It checks all lengths before it uses
 * them, and does not need the bytes of the block.
 *
 * @returns undefined if the bytes end before the block begins. No more than
 * `MAX_SECTION_HEAD` bytes are ever needed.
 * @throws {MalformedCarError} if this is not a section, or it is too long
 */
export function parseSection (bytes: Uint8Array, at: number, context: SectionContext): Section | undefined {
  const offset = context.base + at
  const end = context.end ?? Infinity
  const limit = context.maxSectionLength ?? DEFAULTS.maxSectionLength
  const length = readVarint(bytes, at)

  if (length === ENDS_EARLY) {
    return incomplete(bytes, context)
  }

  if (length === MALFORMED) {
    throw malformed('the length of a section is not a varint below 2^53', context, at)
  }

  if (length === 0) {
    throw malformed('a section of length 0', context, at)
  }

  const cidAt = at + varintLength(length)
  const endAt = cidAt + length

  if (context.base + endAt > end) {
    throw malformed(`a section of ${length} bytes goes beyond the end at ${end}`, context, at)
  }

  if (length > limit) {
    throw malformed(`a section of ${length} bytes is longer than the limit of ${limit}`, context, at)
  }

  const multihashAt = skipToMultihash(bytes, cidAt, endAt, context)
  const blockAt = multihashAt == null ? undefined : skipMultihash(bytes, multihashAt, cidAt, endAt, context)

  if (multihashAt == null || blockAt == null || blockAt > bytes.length) {
    return incomplete(bytes, context)
  }

  return {
    offset,
    cid: bytes.subarray(cidAt, blockAt),
    multihash: bytes.subarray(multihashAt, blockAt),
    blockOffset: context.base + blockAt,
    blockLength: endAt - blockAt
  }
}

/** The offset of the multihash of a CID, or undefined if more bytes are needed. */
function skipToMultihash (bytes: Uint8Array, at: number, end: number, context: SectionContext): number | undefined {
  const isV0 = bytes[at] === 0x12 && bytes[at + 1] === 0x20

  if (at + 1 >= bytes.length) {
    return undefined
  }

  if (isV0) {
    return at
  }

  const version = field(bytes, at, end, 'version', context)
  const codec = version == null ? undefined : field(bytes, at + 1, end, 'codec', context)

  if (version != null && version !== 1) {
    throw malformed(`a CID of version ${version}`, context, at)
  }

  return codec == null ? undefined : at + 1 + varintLength(codec)
}

/** The offset after a multihash, or undefined if more bytes are needed. */
function skipMultihash (bytes: Uint8Array, at: number, cidAt: number, end: number, context: SectionContext): number | undefined {
  const code = field(bytes, at, end, 'hash function', context)

  if (code == null) {
    return undefined
  }

  const lengthAt = at + varintLength(code)
  const length = field(bytes, lengthAt, end, 'digest length', context)

  if (length == null) {
    return undefined
  }

  const blockAt = lengthAt + varintLength(length) + length

  if (blockAt > end) {
    throw malformed(`a CID with a digest of ${length} bytes goes beyond its section`, context, cidAt)
  }

  if (blockAt - cidAt > MAX_CID_LENGTH) {
    throw malformed(`a CID of ${blockAt - cidAt} bytes is longer than the limit of ${MAX_CID_LENGTH}`, context, cidAt)
  }

  return blockAt
}

/** Reads a varint within the CID of a section that ends at `end`; undefined if more bytes are needed. */
function field (bytes: Uint8Array, at: number, end: number, name: string, context: SectionContext): number | undefined {
  const value = readVarint(bytes, at, Math.min(end, bytes.length))

  if (value === MALFORMED || (value === ENDS_EARLY && end <= bytes.length)) {
    throw malformed(`a CID whose ${name} is not a varint within its section`, context, at)
  }

  return value === ENDS_EARLY ? undefined : value
}

/** Returns undefined, since more bytes are needed; throws if there are no more. */
function incomplete (bytes: Uint8Array, context: SectionContext): undefined {
  if (context.base + bytes.length >= (context.end ?? Infinity)) {
    throw malformed('the file ends within a section', context, bytes.length)
  }
}

function malformed (reason: string, context: SectionContext, at: number): MalformedCarError {
  return new MalformedCarError(reason, { object: context.object, offset: context.base + at })
}
