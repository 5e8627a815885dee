import { StoreRefusedError, TruncatedError } from '../errors.ts'

interface ListPage {
  readonly names: readonly string[]
  /** What to ask for the next page with; undefined: this was the last. */
  readonly next: string | undefined
}

/**
 * A page of ListObjectsV2. The elements that are of interest hold text and no
 * attributes, so this needs no XML parser; what is not as it should be is an
 * error, since a name that is overlooked would count as a missing object.
 *
 * @throws {TruncatedError} if the page ends too soon
 * @throws {StoreRefusedError} if it is none
 */
export function parsePage (xml: string): ListPage {
  if (!/<ListBucketResult[\s>]/.test(xml)) {
    throw new StoreRefusedError('the listing is not a ListBucketResult')
  }

  if (!/<\/ListBucketResult>\s*$/.test(xml)) {
    throw new TruncatedError('the listing ends too soon')
  }

  const escaped = textOf(xml, 'EncodingType') === 'url'
  const names = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => {
    const name = unescapeXml(key)

    return escaped ? decodeURIComponent(name.replaceAll('+', ' ')) : name
  })
  const token = textOf(xml, 'NextContinuationToken')
  const next = token == null || token === '' ? undefined : unescapeXml(token)

  if (textOf(xml, 'IsTruncated') === 'true' && next == null) {
    throw new StoreRefusedError('the listing is incomplete, and does not say how to go on')
  }

  return { names, next: textOf(xml, 'IsTruncated') === 'false' ? undefined : next }
}

/** An upload that was begun and not completed. */
export interface BegunUpload {
  readonly key: string
  readonly id: string
  /** When, in a form whose order is that of time. */
  readonly begun: string
}

/**
 * The uploads of ListMultipartUploads, of its first page: there are few of one name.
 *
 * @throws {StoreRefusedError} if it is none
 */
export function parseUploads (xml: string): BegunUpload[] {
  if (!/<ListMultipartUploadsResult[\s>]/.test(xml)) {
    throw new StoreRefusedError('the listing is not a ListMultipartUploadsResult')
  }

  return elements(xml, 'Upload').map(upload => ({
    key: unescapeXml(textOf(upload, 'Key') ?? ''),
    id: unescapeXml(textOf(upload, 'UploadId') ?? ''),
    begun: textOf(upload, 'Initiated') ?? ''
  }))
}

/** A part that was uploaded. */
export interface UploadedPart {
  readonly number: number
  readonly etag: string
  readonly size: number
}

/**
 * A page of ListParts.
 *
 * @throws {StoreRefusedError} if it is none
 */
export function parseParts (xml: string): { readonly parts: readonly UploadedPart[], readonly next: string | undefined } {
  if (!/<ListPartsResult[\s>]/.test(xml)) {
    throw new StoreRefusedError('the listing is not a ListPartsResult')
  }

  const parts = elements(xml, 'Part').map(part => ({
    number: Number(textOf(part, 'PartNumber')),
    etag: unescapeXml(textOf(part, 'ETag') ?? ''),
    size: Number(textOf(part, 'Size'))
  }))
  const next = textOf(xml, 'NextPartNumberMarker')

  return { parts, next: textOf(xml, 'IsTruncated') === 'true' && next !== '' && parts.length > 0 ? next : undefined }
}

function elements (xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^]*?)</${element}>`, 'g'))].map(([, content]) => content)
}

/** The text of the first element of a name. */
export function textOf (xml: string, element: string): string | undefined {
  return new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1]
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeXml (text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex?: string, decimal?: string, name?: string) => {
    if (hex != null || decimal != null) {
      return String.fromCodePoint(hex != null ? parseInt(hex, 16) : Number(decimal))
    }

    return ENTITIES[name ?? ''] ?? all
  })
}
