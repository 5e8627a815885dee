import { open } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A folder over HTTP, for a bucket that is not in the memory of workerd. */
export interface ServedFolder {
  readonly url: string
  stop (): Promise<void>
}

/** Serves the files of a folder, or ranges of them, on loopback. */
export async function serveFolder (folder: string): Promise<ServedFolder> {
  const server = createServer((request, response) => {
    answer(folder, request, response).catch((err: Error) => { response.destroy(err) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}

async function answer (folder: string, { url = '/', method, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
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
    response.end(method === 'HEAD' ? undefined : (await file.read(Buffer.allocUnsafe(end - from), 0, end - from, from)).buffer)
  } finally {
    await file.close()
  }
}
