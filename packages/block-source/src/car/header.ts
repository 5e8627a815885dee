import { CID } from 'multiformats/cid'
import { DEFAULTS } from '../defaults.ts'
import { MalformedCarError } from '../errors.ts'
import { CborReader, InvalidCborError } from './cbor.ts'
import { ENDS_EARLY, MALFORMED, readVarint, varintLength } from './varint.ts'

/** The header of a CARv1, or of the payload of a CARv2. */
export interface CarHeader {
  /** The roots of the CAR; empty if its writer left them out, as some do. */
  readonly roots: readonly CID[]
  /** Where in the object the first section begins. */
  readonly end: number
}

/** The origin of a header's bytes, and their limits. */
export interface HeaderContext {
  /** The name of the object, for errors. */
  readonly object: string
  /** Where in the object the first of the bytes is. */
  readonly base: number
  /** Where in the object the payload ends. */
  readonly end: number
  /** Longer headers are refused. Default 512 KiB */
  readonly maxHeaderLength?: number
}

/**
 * The size of a header including its length, in bytes; undefined if more bytes are
 * needed to tell.
 *
 * @throws {MalformedCarError} if it is too long, or exceeds the payload
 */
export function headerLength (bytes: Uint8Array, context: HeaderContext): number | undefined {
  const limit = context.maxHeaderLength ?? DEFAULTS.maxHeaderLength
  const length = readVarint(bytes, 0)

  if (length === MALFORMED) {
    throw malformed('not a CAR: it begins with no varint below 2^53', context)
  }

  if (length === ENDS_EARLY) {
    if (context.base + bytes.length >= context.end) {
      throw malformed('the file ends within the header', context)
    }

    return undefined
  }

  const total = varintLength(length) + length

  if (length === 0) {
    throw malformed('a header of length 0', context)
  }

  if (context.base + total > context.end) {
    throw malformed(`a header of ${length} bytes goes beyond the end at ${context.end}`, context)
  }

  if (length > limit) {
    throw malformed(`a header of ${length} bytes is longer than the limit of ${limit}`, context)
  }

  return total
}

/**
 * Parses the header of a CARv1. All of its bytes, as counted
 * by {@link headerLength}, must be available.
 *
 * @throws {MalformedCarError} if it is not the header of a CARv1
 */
export function parseHeader (bytes: Uint8Array, context: HeaderContext): CarHeader {
  const total = headerLength(bytes, context)

  if (total == null || bytes.length < total) {
    throw malformed('the header is incomplete', context)
  }

  const start = total - readVarint(bytes, 0)

  try {
    const roots = parseMap(new CborReader(bytes.subarray(start, total)))

    return { roots, end: context.base + total }
  } catch (err) {
    if (err instanceof InvalidCborError) {
      throw malformed(err.message, context, start + err.at)
    }

    throw err
  }
}

function parseMap (cbor: CborReader): CID[] {
  const entries = cbor.map()
  let version: number | undefined
  let roots: CID[] = []

  for (let i = 0; i < entries; i++) {
    const key = cbor.text()

    if (key === 'version') {
      version = cbor.uint()
    } else if (key === 'roots') {
      roots = parseRoots(cbor)
    } else {
      throw cbor.invalid('the header has a field other than version and roots')
    }
  }

  if (version !== 1) {
    throw cbor.invalid(version == null ? 'the header has no version' : `a CAR of version ${version}`)
  }

  cbor.done()

  return roots
}

function parseRoots (cbor: CborReader): CID[] {
  const count = cbor.array()
  const roots: CID[] = []

  for (let i = 0; i < count; i++) {
    const bytes = cbor.link()

    try {
      roots.push(CID.decode(bytes))
    } catch (err) {
      throw cbor.invalid('a root that is not a CID')
    }
  }

  return roots
}

function malformed (reason: string, context: HeaderContext, at: number = 0): MalformedCarError {
  return new MalformedCarError(reason, { object: context.object, offset: context.base + at })
}
