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

/** Whether a client takes gzip, by its Accept-Encoding. */
export function acceptsGzip (header: string | null): boolean {
  return (header ?? '').split(',').some(part => {
    const [coding, ...params] = part.trim().toLowerCase().split(/\s*;\s*/)

    return coding === 'gzip' && !params.some(param => /^q=0(\.0*)?$/.test(param))
  })
}

/** Makes a stream that compresses with gzip. */
export type CreateGzip = () => ReadableWritablePair<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>

/** workerd would compress a body again that says how it is encoded. Elsewhere it means nothing. */
const ENCODED_ALREADY = { encodeBody: 'manual' }

/** A list of refs, compressed if there is a `gzip`. An error of `lines` breaks the body off; `left` is called when it has ended in any way. */
export function listResponse (lines: AsyncIterator<string>, gzip: CreateGzip | undefined, left: (error?: unknown) => void): Response {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull (controller) {
      try {
        const { done, value } = await lines.next()

        if (done === true) {
          controller.close()
          left()
        } else {
          controller.enqueue(encoder.encode(value))
        }
      } catch (err) {
        controller.error(err)
        left(err)
      }
    },
    cancel (reason) { left(reason ?? new DOMException('The client has left', 'AbortError')) }
  })

  return new Response(gzip == null ? body : body.pipeThrough(gzip()), {
    ...ENCODED_ALREADY,
    headers: {
      ...CORS_HEADERS,
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-chunked-output': '1',
      vary: 'accept-encoding',
      ...(gzip == null ? {} : { 'content-encoding': 'gzip' })
    }
  })
}
