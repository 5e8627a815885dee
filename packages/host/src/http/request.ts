import { Readable } from 'node:stream'
import type { NodeRequest } from './messages.ts'

/** Methods that a Request cannot have. */
const UNKNOWN_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK'])

/**
 * Creates a web Request from a request of Node.js.
 *
 * @param request - of HTTP/1.1 or HTTP/2
 * @param secure - whether it came over TLS
 * @param signal - aborts when its client has gone
 * @returns undefined if a Request cannot express it
 */
export function toRequest (request: NodeRequest, secure: boolean, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '' } = request
  const host = String(request.headers[':authority'] ?? request.headers.host ?? 'localhost')

  // proxies send a URL in place of a path, and OPTIONS may come with *
  if (!url.startsWith('/') || UNKNOWN_METHODS.has(method.toUpperCase()) || !HOST.test(host)) {
    return undefined
  }

  const full = `${secure ? 'https' : 'http'}://${host}${url}`

  return URL.canParse(full) ? new ServerRequest(request, full, signal) as unknown as Request : undefined
}

const HOST = /^[\w.:[\]-]+$/

/**
 * The properties of a Request that handlers use most, without a Request: creating one takes
 * longer than many answers, and its signal stops working when the garbage collector frees the
 * Request. All other properties come from a real one, which is created on first use.
 */
class ServerRequest {
  readonly method: string
  readonly url: string
  readonly signal: AbortSignal
  readonly #request: NodeRequest
  #headers: Headers | undefined
  #real: Request | undefined

  constructor (request: NodeRequest, url: string, signal: AbortSignal) {
    this.#request = request
    this.method = request.method ?? 'GET'
    this.url = url
    this.signal = signal
  }

  get headers (): Headers {
    this.#headers ??= headersOf(this.#request)

    return this.#headers
  }

  /** A real Request with the same content, created on first use. */
  get real (): Request {
    const { method, headers, signal } = this
    const hasBody = method !== 'GET' && method !== 'HEAD'
    this.#real ??= new Request(this.url, { method, headers, signal, ...(hasBody ? { body: Readable.toWeb(this.#request) as ReadableStream, duplex: 'half' } : {}) })

    return this.#real
  }
}

for (const name of ['body', 'bodyUsed', 'cache', 'credentials', 'destination', 'integrity', 'keepalive', 'mode', 'redirect', 'referrer', 'referrerPolicy'] as const) {
  Object.defineProperty(ServerRequest.prototype, name, { get (this: ServerRequest) { return this.real[name] } })
}

for (const name of ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text'] as const) {
  Object.defineProperty(ServerRequest.prototype, name, { value (this: ServerRequest) { return this.real[name]() } })
}

Object.setPrototypeOf(ServerRequest.prototype, Request.prototype)

function headersOf ({ headers }: NodeRequest): Headers {
  const result = new Headers()

  for (const [name, value] of Object.entries(headers)) {
    if (value != null && !name.startsWith(':')) {
      result.set(name, String(value))
    }
  }

  return result
}
