import { StoreRefusedError, TruncatedError } from '../errors.ts'

interface ListPage {
  readonly names: readonly string[]
  /** The token that requests the next page; undefined: this was the last. */
  readonly next: string | undefined
}

/**
 * Parses a page of ListObjectsV2. The elements that it uses contain text and have no
 * attributes, so it needs no XML parser. Anything unexpected is an error, since an overlooked
 * name would count as a missing object.
 *
 * @throws {TruncatedError} if the page ends too soon
 * @throws {StoreRefusedError} if it is not a page of that listing
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
    throw new StoreRefusedError('the listing is incomplete, but has no token to continue')
  }

  return { names, next: textOf(xml, 'IsTruncated') === 'false' ? undefined : next }
}

/** An upload that was begun, but not completed. */
export interface BegunUpload {
  readonly key: string
  readonly id: string
  /** When it began, as text whose alphabetical order is that of time. */
  readonly begun: string
}

/**
 * Parses the first page of ListMultipartUploads: there are few uploads of one name.
 *
 * @throws {StoreRefusedError} if it is not a page of that listing
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
 * Parses a page of ListParts.
 *
 * @throws {StoreRefusedError} if it is not a page of that listing
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

/** The text of the first element with a name. */
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
