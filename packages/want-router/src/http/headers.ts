import { commonHeaders } from './responses.ts'
import type { BlockRequest } from './block-request.ts'
import type { PlainHeaders } from './responses.ts'

/** Cache-Control for content that never changes. */
const IMMUTABLE = 'public, max-age=29030400, immutable'

const NOT_ASCII = /[^\x20-\x7e]/gu

/** What the headers of content are made from. */
export interface ContentInit {
  readonly etag: string
  readonly type: string
  /** The name under which a browser saves it, unless the URL has one. */
  readonly filename: string
  /** The CIDs of the path's segments. */
  readonly roots: readonly { toString (): string }[]
}

/** Makes the headers of content, like those of kubo. */
export function contentHeaders (asked: BlockRequest, { etag, type, filename, roots }: ContentInit, more: PlainHeaders): Record<string, string> {
  const { query, contentPath, pathname, negotiated } = asked
  const name = query.get('filename') ?? filename

  return commonHeaders({
    'cache-control': IMMUTABLE,
    'content-disposition': `attachment; filename="${encodeName(name.replace(NOT_ASCII, '_'))}"; filename*=UTF-8''${encodeName(name)}`,
    'content-type': type,
    etag,
    'x-ipfs-path': contentPath.replace(NOT_ASCII, encodeURIComponent),
    'x-ipfs-roots': roots.join(','),
    ...(negotiated ? { vary: 'Accept', 'content-location': `${pathname}?${queryOf(asked)}` } : {}),
    ...more
  })
}

/** Encodes a name as in RFC 5987. */
function encodeName (name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, character => `%${character.charCodeAt(0).toString(16)}`)
}

/** The query that asks for what was negotiated. */
function queryOf ({ query, format, accepted }: BlockRequest): string {
  const all = new URLSearchParams(query)
  all.set('format', format)

  for (const [name, value] of accepted) {
    all.has(`${format}-${name}`) || all.set(`${format}-${name}`, value)
  }

  all.sort()

  return `${all}`
}

/** Makes the response for a client that has the content already. */
export function notModified ({ negotiated }: BlockRequest, etag: string): Response {
  return new Response(null, { status: 304, headers: commonHeaders({ etag, 'cache-control': IMMUTABLE, ...(negotiated ? { vary: 'Accept' } : {}) }) })
}
