import { commonHeaders } from './responses.ts'
import type { BlockRequest } from './block-request.ts'
import type { PlainHeaders } from './responses.ts'

/** How long what never changes may be kept. */
const IMMUTABLE = 'public, max-age=29030400, immutable'

const NOT_ASCII = /[^\x20-\x7e]/gu

/** Of an answer with content, in the words of kubo. */
export interface ContentInit {
  readonly etag: string
  readonly type: string
  /** As which a browser saves it, unless the URL says. */
  readonly filename: string
  /** The CIDs of the segments of the path. */
  readonly roots: readonly { toString (): string }[]
}

/** The headers of content. */
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

/** As RFC 5987 has it. */
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

/** The client has it already. */
export function notModified ({ negotiated }: BlockRequest, etag: string): Response {
  return new Response(null, { status: 304, headers: commonHeaders({ etag, 'cache-control': IMMUTABLE, ...(negotiated ? { vary: 'Accept' } : {}) }) })
}
