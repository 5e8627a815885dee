import { bytesResponse, startHttpServer } from '@kitsune/host/http'
import { blockHandler, gatewayAddress, providersHandler } from '@kitsune/want-router/http'
import { ConfigError } from '../errors.ts'
import { respond } from '../http/endpoints.ts'
import type { HttpServer } from '@kitsune/host/http'
import type { WantRouter } from '@kitsune/want-router'

/** Where the server listens for HTTP, and the sources of its answers. */
export interface HttpDoorInit {
  /** Where to listen, such as http://0.0.0.0:4013. */
  readonly urls: readonly string[]
  /** The multiaddrs, ending in /http, that are announced to clients. Default: those of the `urls` to which clients can connect. */
  readonly gateways: readonly string[]
  readonly peerId: string
  readonly router: WantRouter
  /** Where clients dial for bitswap, without /p2p/. */
  addresses (): readonly string[]
  /** In the text format of Prometheus. */
  metrics (): string
}

/** The HTTP servers of the edge server. */
export interface HttpDoor {
  readonly urls: readonly string[]
  stop (): Promise<void>
}

/**
 * Serves blocks, provider records, health and metrics over HTTP, in the clear.
 *
 * @throws {ConfigError} it cannot listen
 */
export async function startHttpDoor ({ urls, gateways, peerId, router, addresses, metrics }: HttpDoorInit): Promise<HttpDoor> {
  const servers: HttpServer[] = []
  const stop = async (): Promise<void> => { await Promise.all(servers.splice(0).map(async server => server.stop())) }
  const ownGateways = (): string[] => servers.map(({ url }) => url).filter(url => !/\/\/(0\.0\.0\.0|\[::\])/.test(url)).map(gatewayAddress)

  if (urls.length === 0) {
    // create no handlers, since their memory of blocks costs time for each want
    return { urls: [], stop }
  }

  const blocks = blockHandler(router, { createResponse: bytesResponse })
  const records = providersHandler(router, { peerId, addresses: () => [...(gateways.length > 0 ? gateways : ownGateways()), ...addresses()] })

  for (const url of urls) {
    const { hostname, port } = new URL(url)

    try {
      servers.push(await startHttpServer({
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? 80 : Number(port),
        handler: async (request, client) => respond({ peerId, addresses, metrics, blocks, records }, request, client)
      }))
    } catch (err) {
      await stop()
      throw new ConfigError(`cannot listen on ${url}: ${(err as Error).message}; choose another address with --http`)
    }
  }

  return { get urls () { return servers.map(({ url }) => url) }, stop }
}
