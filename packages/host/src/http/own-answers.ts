/**
 * The headers of answers that the server makes without the handler. Pages of any origin may
 * read them: without these headers a page would see a failure of the network, and neither the
 * status nor when to try again.
 */
import { writeHead } from './messages.ts'
import type { NodeRequest, NodeResponse } from './messages.ts'
import type { Duplex } from 'node:stream'

const HEADERS = {
  'content-type': 'text/plain; charset=utf-8',
  'cache-control': 'no-store',
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Retry-After'
}

/** The answers to Node's errors for requests that cannot be parsed. */
const REFUSALS: Readonly<Record<string, readonly [number, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'Payload Too Large']
}

/** How long a client that is refused may take to read why before it is cut off, ms. */
const LINGER = 1000

/** Answers a request in place of a handler. */
export function answerWith (response: NodeResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  writeHead(response, status, { ...HEADERS, ...headers })
  response.end(`${text}\n`)
}

/** The part of a server that is used. */
interface RefusingServer {
  on (event: 'clientError', listener: (error: Error & { code?: string }, socket: Duplex) => void): unknown
  on (event: 'checkExpectation', listener: (request: NodeRequest, response: NodeResponse) => void): unknown
}

/** Answers the requests of HTTP/1.1 that Node would otherwise answer itself: those that cannot be parsed, or that have an unknown expectation. */
export function answerRefusals (server: RefusingServer): void {
  server.on('clientError', refuse)
  server.on('checkExpectation', (_, response) => { answerWith(response, 417, 'this expectation is not supported', { connection: 'close' }) })
}

function refuse (error: Error & { code?: string }, socket: Duplex): void {
  // if part of an answer was sent, the client would take another one for its continuation
  const answered = '_httpMessage' in socket && (socket._httpMessage as { headersSent?: boolean } | null)?.headersSent === true

  if (error.code === 'ECONNRESET' || !socket.writable || answered) {
    socket.destroy()

    return
  }

  const [status, reason] = REFUSALS[error.code ?? ''] ?? [400, 'Bad Request']
  const body = `${reason}\n`
  const headers = Object.entries({ ...HEADERS, 'content-length': `${body.length}`, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${headers.join('')}\r\n${body}`)
  // a client that neither reads nor closes would keep its connection for ever
  const timer = setTimeout(() => { socket.destroy() }, LINGER)
  socket.once('close', () => { clearTimeout(timer) })
}
