import { bytesResponse, startHttpServer } from '@kitsune/host/http'
import { blockHandler, createTrustedProxies, gatewayAddress, providersHandler } from '@kitsune/want-router/http'
import { StartError } from '../errors.ts'
import { reasonOf } from '../listen-error.ts'
import { isReachable, partsOf } from './addresses.ts'
import type { BalancerConfig } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import type { HttpHandler, HttpServer, HttpServerStatus } from '@kitsune/host/http'
import type { WantRouter } from '@kitsune/want-router'

/** Called for each answer: one with a block, or with a provider record. */
export type Answered = (kind: 'block' | 'record', method: string, status: number) => void

/** Options of the balancer's HTTP servers. */
export interface HttpDoorInit {
  readonly config: Pick<BalancerConfig, 'http' | 'tlsCert' | 'tlsKey' | 'publicUrl' | 'trustedProxy' | 'deniedStatus'>
  /** The public identity. */
  readonly peerId: string
  readonly router: WantRouter
  /** Where clients dial for bitswap, without /p2p/. */
  bitswapAddresses (): readonly string[]
  /** Called for each answer. */
  readonly answered?: Answered
  readonly log: Log
}

/** The balancer's HTTP servers. */
export interface HttpDoor {
  /** The URL of each. */
  readonly urls: readonly string[]
  /** The sum of their statuses. */
  readonly status: HttpServerStatus
  /** Reads the certificate again if it has changed. */
  renewCertificate (): Promise<void>
  stop (): Promise<void>
}

/**
 * Serves blocks and provider records over HTTP, at each address that is configured; at none if there is none.
 *
 * @throws {StartError} it cannot listen on an address, or cannot use the certificate
 */
export async function startHttpDoor (init: HttpDoorInit): Promise<HttpDoor> {
  const { config, log } = init
  const servers: HttpServer[] = []
  const urls = (): string[] => servers.map(({ url }) => url)

  async function stop (): Promise<void> {
    await Promise.all(servers.splice(0).map(async server => server.stop()))
  }

  try {
    let handler: HttpHandler | undefined

    for (const url of config.http) {
      // without an address there is no handler, since its memory of blocks costs time for each want
      handler ??= createHandler(init, urls)
      servers.push(await startServer(url, config, handler, log))
    }
  } catch (err) {
    await stop()
    throw err
  }

  return {
    get urls () { return urls() },
    get status () { return sum(servers.map(({ status }) => status)) },
    renewCertificate: async () => { await Promise.all(servers.map(async server => server.renewCertificate())) },
    stop
  }
}

async function startServer (url: string, { tlsCert, tlsKey, trustedProxy }: HttpDoorInit['config'], handler: HttpHandler, log: Log): Promise<HttpServer> {
  const { secure, host, port } = partsOf(url)

  try {
    return await startHttpServer({
      host,
      port,
      handler,
      trustedProxies: createTrustedProxies(trustedProxy),
      tls: secure && tlsCert != null && tlsKey != null ? { cert: tlsCert, key: tlsKey } : undefined,
      warn: message => { log.warn(`keeping the old certificate: ${message}`, { event: 'certificate-refused' }) }
    })
  } catch (err) {
    const { name, message } = err as Error
    throw new StartError(name === 'CertificateError' ? `--tls-cert: ${message}` : `cannot listen on ${url} (--http): ${reasonOf(message)}`)
  }
}

/** Serves blocks and provider records, at the paths of their specifications. */
function createHandler ({ config, peerId, router, bitswapAddresses, answered }: HttpDoorInit, urls: () => readonly string[]): HttpHandler {
  const gateways = (): string[] => (config.publicUrl == null ? urls().filter(isReachable) : [config.publicUrl]).map(gatewayAddress)
  const blocks = blockHandler(router, { createResponse: bytesResponse, deniedStatus: config.deniedStatus })
  const records = providersHandler(router, { peerId, addresses: () => [...gateways(), ...bitswapAddresses()] })

  return async (request, client) => {
    const kind = isRouting(request.url) ? 'record' : 'block'
    const answer = await (kind === 'record' ? records : blocks)(request, client)
    // `Response.error()`, which breaks off a request instead of a 503, has status 0
    answered?.(kind, request.method, answer.status === 0 ? 503 : answer.status)

    return answer
  }
}

function isRouting (url: string): boolean {
  return url.startsWith('/routing/', url.indexOf('/', url.indexOf('//') + 2))
}

function sum (all: readonly HttpServerStatus[]): HttpServerStatus {
  const total = (name: keyof HttpServerStatus): number => all.reduce((sum, status) => sum + status[name], 0)

  return { connections: total('connections'), evicted: total('evicted'), refused: total('refused'), unsent: total('unsent') }
}
