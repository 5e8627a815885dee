import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server on loopback that counts requests. */
export interface CountingServer {
  readonly url: URL
  /** How many requests there were. */
  requests (): number
  stop (): Promise<void>
}

/** Starts an HTTP server on a free port of loopback that counts its requests. */
export async function startCountingServer (listener: RequestListener): Promise<CountingServer> {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    listener(request, response)
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    requests: () => requests,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
