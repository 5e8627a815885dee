import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A delegated router on loopback that names one peer as the provider of everything. */
export interface RouterStub {
  /** Its origin, for `Routing.DelegatedRouters`. */
  readonly url: string
  stop (): Promise<void>
}

/** `address` is the provider's multiaddr, with /p2p/. */
export async function startRouterStub (address: string): Promise<RouterStub> {
  const [addr, id] = address.split('/p2p/')
  const provider = { Schema: 'peer', ID: id, Addrs: [addr], Protocols: ['transport-bitswap'] }
  const server = createServer((request, response) => {
    const found = request.url?.startsWith('/routing/v1/providers/') === true
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ? { Providers: [provider] } : {}))
  })

  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop () {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    }
  }
}
