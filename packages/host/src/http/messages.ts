import { constants } from 'node:http2'
import { bytesOf, plainHeaders } from './bytes-response.ts'
import type { Turn } from './turns.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

/** A request of HTTP/1.1 or HTTP/2. */
export type NodeRequest = IncomingMessage | Http2ServerRequest
/** The response to a request of HTTP/1.1 or HTTP/2. */
export type NodeResponse = ServerResponse | Http2ServerResponse

/**
 * Sends a web Response, no faster than the client reads. An answer that fails after its first
 * byte is broken off, so that no client takes it for complete. `Response.error()` is broken off
 * without a byte.
 *
 * @param response - the response of Node.js to write to
 * @param answer - the answer to send
 * @param turn - is told how many bytes wait
 */
export async function sendResponse (response: NodeResponse, answer: Response, turn: Turn): Promise<void> {
  // only `Response.error()` has this status
  if (answer.status === 0) {
    breakOff(response)

    return
  }

  const headers = plainHeaders(answer)
  const length = Number(headers['content-length'] ?? NaN)
  writeHead(response, answer.status, headers)
  const whole = bytesOf(answer)

  if (whole != null) {
    turn.hold(whole.byteLength)
    endWith(response, whole)
    await eventOf(response, 'finish')

    return
  }

  try {
    // if the client has gone, leaving the loop cancels the body
    for await (const bytes of (answer.body ?? []) as AsyncIterable<Uint8Array>) {
      turn.hold(bytes.byteLength)

      if (bytes.byteLength === length) {
        response.end(bytes)
        await eventOf(response, 'finish')

        return
      }

      if (!write(response, bytes)) {
        await eventOf(response, 'drain')
      }

      if (isClosed(response)) {
        return
      }
    }

    response.end()
  } catch {
    breakOff(response)
  }
}

/** Up to this length, in bytes, a body is written as text, so that it leaves together with the headers: over HTTP/1.1 that costs less than a second buffer. */
const MAX_TEXT = 4 << 10

function endWith (response: NodeResponse, { buffer, byteOffset, byteLength }: Uint8Array): void {
  const bytes = Buffer.from(buffer, byteOffset, byteLength)

  if ('stream' in response || byteLength > MAX_TEXT) {
    response.end(bytes)
  } else {
    response.end(bytes.toString('latin1'), 'latin1')
  }
}

/** Ends an answer so that every client sees that it is incomplete. */
export function breakOff (response: NodeResponse): void {
  if ('stream' in response) {
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  } else {
    response.destroy()
  }
}

/** Whether an answer that has closed was not complete. Over HTTP/2 one that was reset looks finished. */
export function isCut (response: NodeResponse): boolean {
  return 'stream' in response
    ? response.stream.aborted || response.stream.rstCode !== constants.NGHTTP2_NO_ERROR
    : !response.writableFinished
}

/** Both kinds of responses have this method, but their types have nothing in common. */
export function writeHead (response: NodeResponse, status: number, headers: Record<string, string>): void {
  (response as ServerResponse).writeHead(status, headers)
}

function write (response: NodeResponse, bytes: Uint8Array): boolean {
  return (response as ServerResponse).write(bytes)
}

function isClosed (response: NodeResponse): boolean {
  return 'stream' in response ? response.stream.destroyed : response.destroyed
}

/** Resolves at an event, or when the client has gone. */
async function eventOf (response: NodeResponse, name: 'drain' | 'finish'): Promise<void> {
  if (isClosed(response) || response.writableFinished) {
    return
  }

  await new Promise<void>(resolve => {
    const done = (): void => {
      response.removeListener(name, done)
      response.removeListener('close', done)
      resolve()
    }

    response.on(name, done)
    response.on('close', done)
  })
}
