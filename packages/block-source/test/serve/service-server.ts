import { createServer } from 'node:http'
import type { IndexService } from '../../src/index.ts'
import type { AddressInfo } from 'node:net'

export interface ServiceServer {
  readonly url: string
  stop (): Promise<void>
}

/** A web server for a handler of requests. */
export async function startServer (handle: IndexService): Promise<ServiceServer> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Uint8Array[] = []

      for await (const chunk of incoming) {
        chunks.push(chunk)
      }

      const response = await handle(new Request(`http://${incoming.headers.host}${incoming.url}`, {
        method: incoming.method,
        headers: Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
        ...(incoming.method === 'POST' ? { body: Buffer.concat(chunks) } : {})
      }))
      outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(Buffer.from(await response.arrayBuffer()))
    })().catch((err: Error) => { outgoing.destroy(err) })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/path`,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}
