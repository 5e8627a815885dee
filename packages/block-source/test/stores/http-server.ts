import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FileServer {
  readonly url: string
  readonly files: Map<string, Uint8Array>
  /** How many requests there were. */
  requests (): number
  stop (): Promise<void>
}

/** A web server of files in memory, with ranges, versions and conditions as RFC 9110 has them. */
export async function startFileServer (): Promise<FileServer> {
  const files = new Map<string, Uint8Array>()
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    respond(files.get(decodeURIComponent(request.url ?? '').slice('/files/'.length)), request, response)
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}/files`,
    files,
    requests: () => requests,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}

function respond (bytes: Uint8Array | undefined, { method, headers }: IncomingMessage, response: ServerResponse): void {
  if (bytes == null) {
    response.writeHead(404).end('not found'.padEnd(2048))

    return
  }

  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`

  if (headers['if-match'] != null && headers['if-match'] !== etag) {
    response.writeHead(412).end()

    return
  }

  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []

  if (from == null) {
    response.writeHead(200, { etag, 'content-length': bytes.byteLength }).end(method === 'HEAD' ? undefined : bytes)
  } else if (Number(from) >= bytes.byteLength) {
    response.writeHead(416, { 'content-range': `bytes */${bytes.byteLength}` }).end()
  } else {
    const part = bytes.subarray(Number(from), to === '' ? undefined : Number(to) + 1)
    response.writeHead(206, { etag, 'content-length': part.byteLength, 'content-range': `bytes ${from}-${Number(from) + part.byteLength - 1}/${bytes.byteLength}` }).end(part)
  }
}
