import { commonHeaders } from './responses.ts'
import type { BlockRequest } from './block-request.ts'

/** How long what never changes may be kept. */
const IMMUTABLE = 'public, max-age=29030400, immutable'

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
export function contentHeaders ({ query, contentPath, negotiated, format }: BlockRequest, { etag, type, filename, roots }: ContentInit, more: Record<string, string>): Headers {
  const name = query.get('filename') ?? filename
  const path = encodeURI(contentPath)

  return commonHeaders({
    'cache-control': IMMUTABLE,
    'content-disposition': `attachment; filename="${encodeURIComponent(name.replace(/[^\x20-\x7e]/g, '_'))}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    'content-type': type,
    etag,
    'x-ipfs-path': path,
    'x-ipfs-roots': roots.join(','),
    ...(negotiated ? { vary: 'Accept', 'content-location': `${path}?format=${format}` } : {}),
    ...more
  })
}

/** The client has it already. */
export function notModified (etag: string): Response {
  return new Response(null, { status: 304, headers: commonHeaders({ etag, 'cache-control': IMMUTABLE }) })
}
