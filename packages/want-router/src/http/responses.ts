/** Headers that let any web page read responses. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Content-Length, Content-Range, ETag, Retry-After, X-Ipfs-Path, X-Ipfs-Roots'
}

const METHODS = 'GET, HEAD, OPTIONS'

/** Headers by their lower-case names: making and reading a `Headers` takes longer than handling a small block. */
export type PlainHeaders = Readonly<Record<string, string>>

/** Adds the headers that every response has. */
export function commonHeaders (headers: PlainHeaders = {}): Record<string, string> {
  return { ...CORS, 'x-content-type-options': 'nosniff', ...headers }
}

/** Makes a response in plain text; a HEAD gets only its headers. */
export function textResponse (method: string, status: number, text: string, headers: PlainHeaders = {}): Response {
  const body = `${text}\n`

  return new Response(method === 'HEAD' ? null : body, {
    status,
    headers: commonHeaders({
      'content-type': 'text/plain; charset=utf-8',
      // the answer may change at any moment
      'cache-control': 'no-store',
      ...headers
    })
  })
}

/** workerd drops the length of all other streams, and ends a response whose body fails as if it were complete. */
const { FixedLengthStream } = globalThis as { readonly FixedLengthStream?: new (length: number) => TransformStream<Uint8Array<ArrayBuffer>> }

/** Makes a response that breaks off after its headers, so that no client takes it for a block or for an answer. */
export function brokenResponse (reason: Error): Response {
  const { readable, writable } = FixedLengthStream == null ? new TransformStream<Uint8Array<ArrayBuffer>>() : new FixedLengthStream(1)
  writable.abort(reason).catch(() => {})

  return new Response(readable, { headers: commonHeaders({ 'content-type': 'application/vnd.ipld.raw', 'content-length': '1', 'cache-control': 'no-store' }) })
}

/** Makes the response to a browser's preflight request. */
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

/** Makes the response to a method that would change something. */
export function methodResponse (method: string): Response {
  return textResponse(method, 405, `Method ${method} not allowed: blocks can only be read`, { allow: METHODS })
}
