import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { FileHandle } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'

/** A web server with one file, which it sends in several ranges at once, as some libraries ask for them. */
export interface RangeServer {
  readonly url: URL
  /** How many requests there were. */
  requests (): number
  stop (): Promise<void>
}

const BOUNDARY = 'kitsune'

export async function startRangeServer (path: string): Promise<RangeServer> {
  const file = await open(path)
  const { size } = await file.stat()
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    const ranges = parseRanges(request.headers.range ?? '')
    answer(file, size, ranges).then(([type, body]) => {
      response.writeHead(206, { 'content-type': type, 'content-length': body.byteLength }).end(body)
    }, (err: Error) => { response.destroy(err) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    requests: () => requests,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await file.close()
    }
  }
}

interface Range {
  readonly from: number
  readonly to: number
}

function parseRanges (header: string): Range[] {
  return [...header.matchAll(/(\d+)-(\d+)/g)].map(([, from, to]) => ({ from: Number(from), to: Number(to) }))
}

async function answer (file: FileHandle, size: number, ranges: readonly Range[]): Promise<[type: string, body: Buffer]> {
  const parts: Buffer[] = []

  for (const { from, to } of ranges) {
    const { buffer } = await file.read(Buffer.alloc(to - from + 1), 0, to - from + 1, from)

    if (ranges.length === 1) {
      return ['application/octet-stream', buffer]
    }

    parts.push(Buffer.from(`\r\n--${BOUNDARY}\r\ncontent-type: application/octet-stream\r\ncontent-range: bytes ${from}-${to}/${size}\r\n\r\n`), buffer)
  }

  return [`multipart/byteranges; boundary=${BOUNDARY}`, Buffer.concat([...parts, Buffer.from(`\r\n--${BOUNDARY}--`)])]
}
