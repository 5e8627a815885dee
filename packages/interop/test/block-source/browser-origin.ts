import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server of another origin than the page, which allows the headers of ranges and versions. */
export interface CarOrigin {
  readonly url: string
  /** The requested ranges, and the methods of other requests. */
  readonly asked: string[]
  stop (): Promise<void>
}

/** The headers with which a server allows requests of pages of other origins. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'range, if-match',
  'access-control-expose-headers': 'content-range, etag'
}

const ETAG = '"1"'

export async function startCarOrigin (objects: ReadonlyMap<string, Uint8Array>): Promise<CarOrigin> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.range ?? request.method ?? '')
    respond(objects.get((request.url ?? '').slice(1)), request, response)
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}

function respond (bytes: Uint8Array | undefined, { method, headers }: IncomingMessage, response: ServerResponse): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []

  if (method === 'OPTIONS') {
    response.writeHead(204, CORS).end()
  } else if (bytes == null) {
    response.writeHead(404, CORS).end()
  } else if (headers['if-match'] != null && headers['if-match'] !== ETAG) {
    response.writeHead(412, CORS).end()
  } else if (from == null) {
    response.writeHead(200, { ...CORS, etag: ETAG, 'content-length': bytes.byteLength }).end(method === 'HEAD' ? undefined : bytes)
  } else {
    const part = bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1)
    response.writeHead(206, { ...CORS, etag: ETAG, 'content-length': part.byteLength, 'content-range': `bytes ${from}-${Number(from) + part.byteLength - 1}/${bytes.byteLength}` }).end(part)
  }
}
