import { brokenText, listBody, reportingGzip, reportingText } from './list-body.ts'
import type { LateErrors } from './list-body.ts'

/** What a browser needs to see an answer, whatever its status. */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'retry-after, x-chunked-output'
}

const PREFLIGHT_HEADERS = {
  ...CORS_HEADERS,
  'access-control-allow-methods': 'POST, OPTIONS',
  'access-control-allow-headers': '*',
  'access-control-max-age': '86400'
}

/** Answers a preflight. */
export function preflight (): Response {
  return new Response(null, { status: 204, headers: PREFLIGHT_HEADERS })
}

/** An error as kubo answers it. */
export function failureResponse (status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(failureBody(message), { status, headers: { ...CORS_HEADERS, 'content-type': 'application/json', 'cache-control': 'no-store', ...headers } })
}

/** The body of an error. */
export function failureBody (message: string): string {
  return `${JSON.stringify({ Message: message, Code: 0, Type: 'error' })}\n`
}

/** What encodings the client takes. Cloudflare has other ones in the header of a Worker's request, and decodes for the client what it does not take. */
export function clientAcceptEncoding ({ headers, cf }: Request & { readonly cf?: { readonly clientAcceptEncoding?: string } }): string | null {
  return cf?.clientAcceptEncoding ?? headers.get('accept-encoding')
}

/** Whether a client takes gzip, by its Accept-Encoding. */
export function acceptsGzip (header: string | null): boolean {
  return (header ?? '').split(',').some(part => {
    const [coding, ...params] = part.trim().toLowerCase().split(/\s*;\s*/)

    return coding === 'gzip' && !params.some(param => /^q=0(\.0*)?$/.test(param))
  })
}

/** Creates a stream that compresses with gzip. */
export type CreateGzip = () => ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>

/** Without it workerd would compress a body again that has a Content-Encoding. Other platforms ignore it. */
const ENCODED_ALREADY = { encodeBody: 'manual' }

/** How a list is answered. */
export interface ListInit {
  /** Whether the client takes gzip. */
  readonly compressed: boolean
  readonly gzip: CreateGzip
  readonly lateErrors: LateErrors
  /** Called when it has ended in any way, with what went wrong. */
  left (error?: unknown): void
}

/** A list of refs, which tells of an error of `lines` as {@link LateErrors} says. */
export function listResponse (lines: AsyncIterator<string>, init: ListInit): Response {
  return new Response(encoded(lines, init), {
    ...ENCODED_ALREADY,
    headers: {
      ...CORS_HEADERS,
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-chunked-output': '1',
      vary: 'accept-encoding',
      ...(init.compressed ? { 'content-encoding': 'gzip' } : {})
    }
  })
}

function encoded (lines: AsyncIterator<string>, { compressed, gzip, lateErrors, left }: ListInit): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (lateErrors === 'report') {
    return listBody(lines, compressed ? reportingGzip() : reportingText(), left)
  }

  const body = listBody(lines, brokenText(), left)

  return compressed ? body.pipeThrough(gzip()) : body
}
