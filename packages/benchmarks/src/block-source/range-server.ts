import { open } from 'node:fs/promises'
import { startCountingServer } from './counting-server.ts'
import type { CountingServer } from './counting-server.ts'
import type { FileHandle } from 'node:fs/promises'

const BOUNDARY = 'kitsune'

/** Starts a web server with one file. It sends several ranges at once, which some libraries ask for. */
export async function startRangeServer (path: string): Promise<CountingServer> {
  const file = await open(path)
  const { size } = await file.stat()
  const server = await startCountingServer((request, response) => {
    const ranges = parseRanges(request.headers.range ?? '')
    answer(file, size, ranges).then(([type, body]) => {
      response.writeHead(206, { 'content-type': type, 'content-length': body.byteLength }).end(body)
    }, (err: Error) => { response.destroy(err) })
  })

  return {
    ...server,
    async stop () {
      await server.stop()
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
