import { request as httpRequest } from 'node:http'
import { Readable } from 'node:stream'
import type { Fetch } from '@kitsune/block-source'

/** A `fetch` whose hosts are all on one port of loopback, as with a DNS wildcard. */
export function virtualHostFetch (port: number): Fetch {
  return async request => {
    const { hostname, pathname, search } = new URL(request.url)
    const headers = { ...Object.fromEntries(request.headers), host: `${hostname}:${port}` }
    const body = request.body == null ? undefined : new Uint8Array(await request.arrayBuffer())

    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port, method: request.method, path: pathname + search, headers, signal: request.signal }, incoming => {
        const pairs = Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)])
        const stream = Readable.toWeb(incoming) as ReadableStream<Uint8Array>
        resolve(new Response([204, 304].includes(incoming.statusCode ?? 0) ? null : stream, { status: incoming.statusCode, headers: pairs }))
      })
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }
}
