import { DEFAULTS } from '../defaults.ts'
import { ObjectChangedError, StoreRefusedError, TruncatedError } from '../errors.ts'
import { checkSize, outOfRange } from '../stores/request.ts'
import { discard, readBody } from './body.ts'
import type { Attempt } from './client.ts'
import type { ObjectInfo, ObjectPart, ReadOptions } from '../object-store.ts'
import type { CheckedRead } from '../stores/request.ts'

/** The headers that ask for a part of one version of an object. */
export function rangeHeaders ({ offset, length, ranged }: CheckedRead, { ifMatch }: ReadOptions): Record<string, string> {
  return {
    // offsets refer to the object, not to a compressed form of it
    'accept-encoding': 'identity',
    ...(ranged ? { range: `bytes=${offset}-${length == null ? '' : offset + length - 1}` } : {}),
    // a weak etag never matches there, so it is compared with that of the response
    ...(ifMatch != null && !ifMatch.startsWith('W/') ? { 'if-match': ifMatch } : {})
  }
}

/**
 * Reads the requested part from a response of status 200, 206, 412 or 416; undefined
 * for any other status, whose body the caller must read.
 */
export async function readPart (object: string, attempt: Attempt, range: CheckedRead, options: ReadOptions, maxRead: number): Promise<ObjectPart | undefined> {
  const { response: { status, headers, body } } = attempt

  switch (status) {
    case 200:
    case 206: {
      try {
        checkVersion(object, headers, options.ifMatch)

        return await (status === 206 ? readRange : readWhole)(object, attempt, range, maxRead)
      } catch (err) {
        await discard(body?.locked === true ? undefined : body)
        throw err
      }
    }

    case 412:
      await discard(body)
      throw new ObjectChangedError(`${object} is not ${options.ifMatch}`)

    case 416: {
      await discard(body)
      const size = parseContentRange(headers)?.size

      if (range.offset === 0) {
        return { bytes: new Uint8Array(0), size: 0, etag: etagOf(headers) }
      }

      throw outOfRange(object, range.offset, size)
    }

    default:
      return undefined
  }
}

async function readRange (object: string, { response: { headers, body }, signal, progress }: Attempt, range: CheckedRead, maxRead: number): Promise<ObjectPart> {
  const { offset, length } = range
  // browsers hide this header unless the server allows it; then only the number of bytes is checked
  const content = parseContentRange(headers)

  if (!isPlain(headers) || headers.get('content-type')?.startsWith('multipart/') === true) {
    throw new StoreRefusedError(`${object}: the range has a form that was not requested`)
  }

  if (content?.start != null && content.start !== offset) {
    throw new StoreRefusedError(`${object}: offset ${offset} was requested, but the range begins at ${content.start}`)
  }

  const count = content?.size == null ? undefined : checkSize(object, range, content.size, maxRead)
  const wanted = count ?? length
  const { bytes } = await readBody(body, { length: wanted, expected: count, max: maxRead, signal, progress })

  if (count != null && bytes.byteLength < count) {
    throw new TruncatedError(`${object}, offset ${offset}: ${bytes.byteLength} bytes of ${count} arrived`)
  }

  return { bytes, size: content?.size, etag: etagOf(headers) }
}

/** Reads the whole object, which a server that ignores ranges also sends. */
async function readWhole (object: string, { response: { headers, body }, signal, progress }: Attempt, range: CheckedRead, maxRead: number): Promise<ObjectPart> {
  const { offset, length } = range
  const announced = isPlain(headers) ? contentLength(headers) : undefined
  const expected = announced == null ? undefined : checkSize(object, range, announced, maxRead)

  if (offset > DEFAULTS.maxIgnoredRange) {
    throw new StoreRefusedError(`${object}: the server ignores ranges, and offset ${offset} is beyond the ${DEFAULTS.maxIgnoredRange} bytes that are skipped to reach one`)
  }

  const { bytes, received } = await readBody(body, { skip: offset, length: expected ?? length, expected, max: maxRead, signal, progress })

  if (expected != null && bytes.byteLength < expected) {
    throw new TruncatedError(`${object}: ${received} bytes of ${announced} arrived`)
  }

  // without an announcement the size is known only if the object was read to the end
  const size = announced ?? (length == null || bytes.byteLength < length ? received : undefined)

  if (size != null && offset > 0 && offset >= size) {
    throw outOfRange(object, offset, size)
  }

  return { bytes, size, etag: etagOf(headers) }
}

/** Reads an object's size and version from the response to HEAD. */
export function infoOf (object: string, headers: Headers): ObjectInfo {
  const size = isPlain(headers) ? contentLength(headers) : undefined

  if (size == null) {
    throw new StoreRefusedError(`${object}: the server does not state its size`)
  }

  return { size, etag: etagOf(headers) }
}

/** The ETag as the server wrote it, if there is one. */
export function etagOf (headers: Headers): string | undefined {
  return headers.get('etag') ?? undefined
}

function checkVersion (object: string, headers: Headers, ifMatch: string | undefined): void {
  const etag = etagOf(headers)

  // the server has checked a strong etag, even if it does not show its own
  if (ifMatch != null && etag !== ifMatch && (etag != null || ifMatch.startsWith('W/'))) {
    throw new ObjectChangedError(`${object} is ${etag ?? 'of an unknown version'}, not ${ifMatch}`)
  }
}

interface ContentRange {
  readonly start?: number
  readonly size?: number
}

/** `bytes 0-9/100`, where the size may be an asterisk, as may the positions in a response of status 416. */
export function parseContentRange (headers: Headers): ContentRange | undefined {
  const [, start, size] = /^\s*bytes\s+(?:(\d+)-\d+|\*)\/(\d+|\*)\s*$/i.exec(headers.get('content-range') ?? '') ?? []

  return size == null ? undefined : { start: toNumber(start), size: toNumber(size) }
}

function contentLength (headers: Headers): number | undefined {
  return toNumber(headers.get('content-length') ?? undefined)
}

function toNumber (digits: string | undefined): number | undefined {
  const value = Number(digits)

  return digits != null && /^\d+$/.test(digits) && Number.isSafeInteger(value) ? value : undefined
}

function isPlain (headers: Headers): boolean {
  return ['', 'identity'].includes(headers.get('content-encoding') ?? '')
}
