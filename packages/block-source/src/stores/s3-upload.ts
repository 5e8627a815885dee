import { DEFAULTS } from '../defaults.ts'
import { StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { discard, readText } from '../http/body.ts'
import { readExactly } from '../read-exactly.ts'
import { s3Failure } from './s3-bucket.ts'
import { s3Put, s3Write } from './s3-put.ts'
import { parseParts, parseUploads, textOf } from './s3-xml.ts'
import type { S3Bucket } from './s3-bucket.ts'
import type { UploadFrom, UploadOptions } from '../map/map-store.ts'

/** The most parts that an upload may have. */
const MAX_PARTS = 10_000

const MiB = 1 << 20

/** The longest page of a listing of uploads or parts that is read, in bytes. */
const MAX_PAGE = 8 * MiB

interface Upload {
  readonly bucket: S3Bucket
  readonly object: string
  readonly id: string
  readonly from: UploadFrom
  readonly partLength: number
  readonly signal?: AbortSignal
}

/**
 * Uploads an object: with one request if it is short, otherwise in parts. The parts of an
 * interrupted upload are not sent again. `size` returns the size of the object in the bucket,
 * if it exists.
 */
export async function s3Upload (bucket: S3Bucket, object: string, from: UploadFrom, options: UploadOptions, size: () => Promise<number | undefined>): Promise<void> {
  const { signal, progress } = options

  if (from.size <= DEFAULTS.uploadPart) {
    const { bytes } = from.size === 0 ? { bytes: new Uint8Array() } : await readExactly(from.store, from.object, { length: from.size, ifMatch: from.etag, signal })
    await s3Put(bucket, object, bytes, { signal })
    progress?.(from.size)

    return
  }

  try {
    const id = await findUpload(bucket, object, signal) ?? await beginUpload(bucket, object, signal)
    await sendParts({ bucket, object, id, from, partLength: partLength(from.size), signal }, progress)
  } catch (err) {
    // the upload is gone: another writer may have finished it, or an earlier attempt whose response was lost
    if (err instanceof StoreRefusedError && err.status === 404 && await size() === from.size) {
      return
    }

    throw err
  }
}

/** Depends only on the size, so that a process that resumes an upload uses the same parts. */
function partLength (size: number): number {
  return Math.max(DEFAULTS.uploadPart, Math.ceil(size / MAX_PARTS / MiB) * MiB)
}

async function beginUpload (bucket: S3Bucket, object: string, signal?: AbortSignal): Promise<string> {
  return s3Write(bucket, {
    method: 'POST',
    object,
    query: { uploads: '' },
    signal,
    async handle ({ response, signal, progress }) {
      const id = textOf(await readText(response.body, { signal, progress }), 'UploadId')

      if (id == null || id === '') {
        throw new StoreRefusedError(`POST ${object}: the server did not return an upload id`)
      }

      return id
    }
  })
}

/** The upload of an object that began last. */
async function findUpload (bucket: S3Bucket, object: string, signal?: AbortSignal): Promise<string | undefined> {
  const uploads = parseUploads(await read(bucket, '', { uploads: '', prefix: object }, signal)).filter(({ key }) => key === object)

  return uploads.sort((a, b) => a.begun < b.begun ? 1 : -1)[0]?.id
}

async function sendParts ({ bucket, object, id, from, partLength, signal }: Upload, progress?: (bytes: number) => void): Promise<void> {
  const count = Math.ceil(from.size / partLength)
  const etags = new Map<number, string>()
  const lengthOf = (number: number): number => Math.min(partLength, from.size - (number - 1) * partLength)
  let sent = 0
  let next = 1

  const done = (number: number, etag: string): void => {
    etags.set(number, etag)
    sent += lengthOf(number)
    progress?.(sent)
  }

  for (const { number, etag, size } of await listParts(bucket, object, id, signal)) {
    if (number >= 1 && number <= count && size === lengthOf(number)) {
      done(number, etag)
    }
  }

  const worker = async (): Promise<void> => {
    while (next <= count) {
      const number = next++

      if (!etags.has(number)) {
        const offset = (number - 1) * partLength
        const { bytes } = await readExactly(from.store, from.object, { offset, length: lengthOf(number), ifMatch: from.etag, signal })
        done(number, await sendPart(bucket, object, id, number, bytes, signal))
      }
    }
  }

  // if one of them fails, the others end once they have sent their current parts
  const results = await Promise.allSettled(Array.from({ length: DEFAULTS.uploads }, async () => worker().catch((err: unknown) => {
    next = count + 1
    throw err
  })))
  const failed = results.find(({ status }) => status === 'rejected')

  if (failed?.status === 'rejected') {
    throw failed.reason
  }

  await completeUpload(bucket, object, id, Array.from({ length: count }, (_, i) => etags.get(i + 1) ?? ''), signal)
}

async function listParts (bucket: S3Bucket, object: string, id: string, signal?: AbortSignal): Promise<ReturnType<typeof parseParts>['parts']> {
  const parts: Array<ReturnType<typeof parseParts>['parts'][number]> = []
  let marker: string | undefined

  do {
    const page = parseParts(await read(bucket, object, { uploadId: id, ...(marker == null ? {} : { 'part-number-marker': marker }) }, signal))
    parts.push(...page.parts)
    marker = page.next
  } while (marker != null)

  return parts
}

async function sendPart (bucket: S3Bucket, object: string, id: string, number: number, bytes: Uint8Array, signal?: AbortSignal): Promise<string> {
  return s3Write(bucket, {
    method: 'PUT',
    object,
    query: { partNumber: String(number), uploadId: id },
    body: bytes,
    signal,
    async handle ({ response }) {
      await discard(response.body)
      const etag = response.headers.get('etag')

      if (etag == null) {
        throw new StoreRefusedError(`PUT ${object}: the server did not return an etag for part ${number}`)
      }

      return etag
    }
  })
}

async function completeUpload (bucket: S3Bucket, object: string, id: string, etags: readonly string[], signal?: AbortSignal): Promise<void> {
  const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</ETag></Part>`)
  const body = new TextEncoder().encode(`<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`)

  await s3Write(bucket, {
    method: 'POST',
    object,
    query: { uploadId: id },
    body,
    signal,
    async handle ({ response, signal, progress }) {
      // the server sends the status before it has put the parts together, so the body may report a failure
      const text = await readText(response.body, { signal, progress })

      if (!/<CompleteMultipartUploadResult[\s>]/.test(text)) {
        throw new StoreUnavailableError(`POST ${object}: the upload was not completed: ${textOf(text, 'Code') ?? text.slice(0, 200)}`)
      }
    }
  })
}

/** A listing of the uploads of a bucket, or of the parts of an upload. */
async function read (bucket: S3Bucket, object: string, query: Record<string, string>, signal?: AbortSignal): Promise<string> {
  const what = `list ${bucket.name}/${object}`

  return bucket.client({
    kind: 'list',
    what,
    signal,
    request: async options => bucket.request(object, options, query),
    async handle (attempt) {
      const { response, signal, progress } = attempt

      if (response.status === 200) {
        return readText(response.body, { length: MAX_PAGE, signal, progress })
      }

      const failure = await s3Failure(what, attempt)

      throw failure instanceof Error ? failure : new StoreRefusedError(`${what}: ${failure}`, { status: response.status })
    }
  })
}
