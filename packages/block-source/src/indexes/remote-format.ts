import { base64url } from 'multiformats/bases/base64'
import { StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { parseMultihash } from './multihash.ts'
import type { Located, Location } from '../block-index.ts'

/**
 * # The protocol of an index service over HTTP
 *
 * ```
 * GET  <url>/<multihash>                                   one multihash; caches may keep the answer
 * POST <url>   {"multihashes": ["u…", …], "session": "…"}  many multihashes, or a session
 *
 * 200  {"complete": true, "results": [{"locations": [{"object": "…", "offset": 1, "length": 2, "at": "block"}]},
 *                                     {"locations": []}, {"error": "…"}]}
 * ```
 *
 * Multihashes are in base64url with the multibase prefix `u`, since the time to decode base58btc grows with the square of the length.
 * Results are in the order of the multihashes. A location is a {@link Location}. `complete` says whether an empty list is certain. A miss
 * is not a 404, since a proxy in between may answer 404. Any status other than 200 is a failure; 503 means that the index has failed.
 */

/** The answer of the service. */
export interface RemoteAnswer {
  readonly complete: boolean
  readonly results: readonly Located[]
}

/** Longer multihashes are in no index: no CID in a CAR is longer. */
const MAX_MULTIHASH = 2048

/** Encodes a multihash as text; undefined if it is malformed, or too long for any index. */
export function encodeMultihash (multihash: Uint8Array): string | undefined {
  return multihash.byteLength <= MAX_MULTIHASH && parseMultihash(multihash) != null ? base64url.encode(multihash) : undefined
}

/** Decodes a multihash from text; undefined if it is malformed. */
export function decodeMultihash (text: unknown): Uint8Array | undefined {
  try {
    const multihash = typeof text === 'string' && text.length <= 2 * MAX_MULTIHASH ? base64url.decode(text) : undefined

    return multihash != null && multihash.byteLength <= MAX_MULTIHASH && parseMultihash(multihash) != null ? multihash : undefined
  } catch {
    return undefined
  }
}

/** The longest part of an error message that is passed on. */
const MAX_MESSAGE = 300

/** Writes an answer as JSON. Long error messages are cut off. */
export function encodeAnswer ({ complete, results }: RemoteAnswer): string {
  return JSON.stringify({
    complete,
    results: results.map(located => located instanceof Error ? { error: located.message.slice(0, MAX_MESSAGE) } : { locations: located })
  })
}

/**
 * Reads an answer to this number of multihashes, and checks all of it.
 *
 * @throws {StoreRefusedError} if it is not a valid answer
 */
export function decodeAnswer (text: string, count: number, maxLocations: number): RemoteAnswer {
  const answer = parseJson(text)

  if (!isObject(answer) || typeof answer.complete !== 'boolean' || !Array.isArray(answer.results) || answer.results.length !== count) {
    throw malformed()
  }

  return { complete: answer.complete, results: answer.results.map(result => decodeResult(result, maxLocations)) }
}

function decodeResult (result: unknown, maxLocations: number): Located {
  if (isObject(result) && typeof result.error === 'string') {
    return new StoreUnavailableError(`the index service: ${result.error.slice(0, MAX_MESSAGE)}`)
  }

  if (!isObject(result) || !Array.isArray(result.locations)) {
    throw malformed()
  }

  return result.locations.slice(0, maxLocations).map(decodeLocation)
}

function decodeLocation (location: unknown): Location {
  if (!isObject(location)) {
    throw malformed()
  }

  const { object, offset, length, limit, at, etag } = location

  if (typeof object !== 'string' || !isSize(offset) || (at !== 'block' && at !== 'section') || !isSizeOrNone(length) || !isSizeOrNone(limit) || !(etag === undefined || typeof etag === 'string')) {
    throw malformed()
  }

  return {
    object,
    offset,
    at,
    ...(length === undefined ? {} : { length }),
    ...(limit === undefined ? {} : { limit }),
    ...(etag === undefined ? {} : { etag })
  }
}

/** Parses JSON; undefined if the text is not JSON. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether parsed JSON is an object or array, whose properties can be read. */
export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value != null && !Array.isArray(value)
}

function isSize (value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isSizeOrNone (value: unknown): value is number | undefined {
  return value === undefined || isSize(value)
}

function malformed (): StoreRefusedError {
  return new StoreRefusedError('the response is not one of an index service')
}
