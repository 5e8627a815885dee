import { StoreRefusedError, TruncatedError } from '../errors.ts'

export interface ListPage {
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
    throw new StoreRefusedError('the listing is no ListBucketResult')
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

function textOf (xml: string, element: string): string | undefined {
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
