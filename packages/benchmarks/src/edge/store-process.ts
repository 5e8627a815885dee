import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { print } from '../print.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

// node store-process.js <folder>: a stand-in for R2, in its own process, so that its CPU time is not counted for the Worker. It
// prints its URL, and sends the files of the folder, or ranges of them.

const [folder] = process.argv.slice(2)

async function answer ({ url = '/', method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  const file = await open(join(folder, decodeURIComponent(url))).catch(() => undefined)

  if (file == null) {
    response.writeHead(404).end()

    return
  }

  try {
    const { size } = await file.stat()
    const [, from = 0, to = size - 1] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')?.map(Number) ?? []
    const end = Math.min(size, to + 1)
    response.writeHead(headers.range == null ? 200 : 206, { 'content-length': end - from, 'content-range': `bytes ${from}-${end - 1}/${size}`, etag: '1' })

    if (method === 'HEAD') {
      response.end()

      return
    }

    const { buffer } = await file.read(Buffer.allocUnsafe(end - from), 0, end - from, from)
    response.end(buffer)
  } finally {
    await file.close()
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((err: Error) => { response.destroy(err) })
})
server.listen(0, '127.0.0.1', () => { print(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })) })
