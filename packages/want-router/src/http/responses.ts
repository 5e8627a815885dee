/** What any page may read, and how it may ask. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Content-Length, Content-Range, ETag, Retry-After, X-Ipfs-Path, X-Ipfs-Roots'
}

const METHODS = 'GET, HEAD, OPTIONS'

/** Headers by their names in small letters: a `Headers` takes longer to make, and to read, than many a block. */
export type PlainHeaders = Readonly<Record<string, string>>

/** Headers that every answer has. */
export function commonHeaders (headers: PlainHeaders = {}): Record<string, string> {
  return { ...CORS, 'x-content-type-options': 'nosniff', ...headers }
}

/** An answer in plain words; a HEAD gets its headers only. */
export function textResponse (method: string, status: number, text: string, headers: PlainHeaders = {}): Response {
  const body = `${text}\n`

  return new Response(method === 'HEAD' ? null : body, {
    status,
    headers: commonHeaders({
      'content-type': 'text/plain; charset=utf-8',
      // what is not known now may be known in a moment
      'cache-control': 'no-store',
      ...headers
    })
  })
}

/** The answer to a browser that asks what it may do. */
export function optionsResponse (): Response {
  return new Response(null, {
    status: 204,
    headers: commonHeaders({
      allow: METHODS,
      'access-control-allow-methods': METHODS,
      'access-control-allow-headers': 'Accept, Content-Type, If-None-Match, Range, User-Agent, X-Requested-With',
      'access-control-max-age': '86400'
    })
  })
}

/** The answer to what would change something. */
export function methodResponse (method: string): Response {
  return textResponse(method, 405, `Method ${method} not allowed: blocks can only be read`, { allow: METHODS })
}
