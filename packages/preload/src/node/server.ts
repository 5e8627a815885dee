import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CORS_HEADERS, failureBody, failureResponse } from '../refs/http.ts'
import type { RefsHandler } from '../refs/handler.ts'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** How Node's errors of requests that never reach a handler are answered. */
const REFUSALS: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large']
}

/** How much of a request's body is accepted: no handler reads it. */
const MAX_BODY = 1 << 20

/**
 * Creates a server for a handler. It is not listening. Every answer has the headers that
 * browsers need, also the answers to requests that are malformed, too long or too slow.
 */
export function refsServer (handler: RefsHandler): Server {
  // Node would answer a request without a Host by itself, without the headers for browsers
  const options = { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 1000, requireHostHeader: false }
  const server = createServer(options, (request, response) => {
    answer(handler, request, response).catch(() => { response.destroy() })
  })
  server.on('clientError', refuse)
  server.on('checkExpectation', (request, response: ServerResponse) => {
    response.setHeader('connection', 'close')
    send(failureResponse(417, 'this expectation is not supported'), response).catch(() => { response.destroy() })
  })

  return server
}

async function answer (handler: RefsHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', headers, socket } = request
  const left = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) {
      left.abort(new DOMException('The client has left', 'AbortError'))
    }
  })

  if (Number(headers['content-length'] ?? 0) > MAX_BODY) {
    await sendTooLong(response)

    return
  }

  const handled = handler(asRequest(request, method, left.signal), { address: socket.remoteAddress ?? '' })
  const answered = await Promise.race([handled, bodyTooLong(request, response)])

  if (answered != null) {
    await send(answered, response)

    return
  }

  left.abort(new DOMException('The body is too long', 'AbortError'))
  await sendTooLong(response)
}

/** Reads the body of a request. Resolves if it is too long and can be answered; if an answer has begun, that is broken off. */
async function bodyTooLong (request: IncomingMessage, response: ServerResponse): Promise<undefined> {
  let read = 0

  await new Promise<void>(resolve => {
    const count = ({ length }: Buffer): void => {
      read += length

      if (read > MAX_BODY) {
        request.off('data', count)
        request.resume()

        if (response.headersSent) {
          response.destroy()
        } else {
          resolve()
        }
      }
    }

    request.on('data', count)
  })
}

async function sendTooLong (response: ServerResponse): Promise<void> {
  response.setHeader('connection', 'close')
  await send(failureResponse(413, 'a request has no body'), response)
}

function asRequest ({ url = '/', headers }: IncomingMessage, method: string, signal: AbortSignal): Request {
  const own = new Headers()

  for (const name of ['x-forwarded-for', 'accept-encoding'] as const) {
    const value = headers[name]

    if (value != null) {
      own.set(name, String(value))
    }
  }

  // a target that is not a path, such as `*`, is never served
  const target = new URL(url.startsWith('/') ? `http://refs${url}` : 'http://refs/')

  // a method that Request does not accept is not allowed either
  return new Request(target, { method: /^(CONNECT|TRACE|TRACK)$/i.test(method) ? 'PATCH' : method, headers: own, signal })
}

async function send ({ status, headers, body }: Response, response: ServerResponse): Promise<void> {
  response.writeHead(status, Object.fromEntries(headers))

  if (body == null) {
    response.end()

    return
  }

  response.flushHeaders()
  // an error of the body destroys the response, which the client sees as broken off
  await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), response)
}

function refuse (error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()

    return
  }

  const [status, reason] = REFUSALS[error.code ?? ''] ?? [400, 'Bad Request']
  const body = failureBody(reason)
  const headers = { ...CORS_HEADERS, 'content-type': 'application/json', 'content-length': String(body.length), connection: 'close' }
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`)
}
