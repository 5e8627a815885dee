import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { ACCEPT_QUEUE } from '../accept-queue.ts'
import { loadCertificate } from './certificate.ts'
import { Connections } from './connections.ts'
import { resolveHttpLimits } from './limits.ts'
import { breakOff, isCut, sendResponse } from './messages.ts'
import { networkOf } from './network-of.ts'
import { answerRefusals, answerWith } from './own-answers.ts'
import { toRequest } from './request.ts'
import { Turns } from './turns.ts'
import type { Certificate, TlsFiles } from './certificate.ts'
import type { Admitted } from './connections.ts'
import type { HttpLimits } from './limits.ts'
import type { NodeRequest, NodeResponse } from './messages.ts'
import type { TrustedProxies } from '../trusted-proxies.ts'
import type { Http2SecureServer, ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'

/** What the server knows about a client besides its request. */
export interface ClientInfo {
  /** Its address, as trusted proxies state it. */
  readonly remoteAddress: string
}

/** Answers requests. It never throws. */
export type HttpHandler = (request: Request, client: ClientInfo) => Response | Promise<Response>

/** Options of an HTTP server: where it listens, and the handler of its requests. */
export interface HttpServerInit {
  /** The name or address to listen on. */
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly handler: HttpHandler
  /** With it the server speaks HTTP/2 and HTTP/1.1 over TLS; without, HTTP/1.1 in the clear. */
  readonly tls?: TlsFiles
  /** Proxies whose `X-Forwarded-For` is believed. Create it with `createTrustedProxies` of `@kitsune/want-router/http`. Default: none. */
  readonly trustedProxies?: TrustedProxies
  readonly limits?: Partial<HttpLimits>
  /** Called when a renewed certificate cannot be used; the old one stays in use. Default: no callback. */
  warn? (message: string): void
}

/** How many connections an HTTP server has, and how many it has closed or refused. */
export interface HttpServerStatus {
  /** Open connections. */
  readonly connections: number
  /** Connections closed in favour of others, since the start. */
  readonly evicted: number
  /** Connections that found no place, since the start. */
  readonly refused: number
  /** Bytes of answers that clients have not read yet. */
  readonly unsent: number
}

/** A running server. */
export interface HttpServer {
  /** `http://host:port` or `https://host:port`, with the host as it was given. */
  readonly url: string
  readonly status: HttpServerStatus
  /** Reads the certificate again if it has changed. The server also does that itself every few seconds. */
  renewCertificate (): Promise<void>
  /** Cuts all connections. */
  stop (): Promise<void>
}

const NO_PROXIES: TrustedProxies = { includes: () => false, clientAddress: (connection = '') => connection }

/** How often the server checks whether the certificate has changed, ms. */
const CERTIFICATE_INTERVAL = 5000
/** How much a request counts until the size of its answer is known, bytes: few blocks are larger. */
const RESERVE = 1 << 20
const RESERVE_HEAD = 1 << 10
const MAX_HEADER_BYTES = 16 << 10

/** A connection that was admitted, with the address of its other end. */
interface AdmittedSocket extends Admitted {
  readonly address: string
  readonly network: string
}

type NodeServer = ReturnType<typeof createServer> | Http2SecureServer

/**
 * Starts an HTTP server that is fit for the open internet: connections, open requests and unread answers are bounded,
 * and shared between addresses.
 *
 * @throws {CertificateError} the certificate or its key cannot be used
 * @throws {InvalidOptionError} a limit is invalid
 * @throws {Error} it cannot listen on the address
 */
export async function startHttpServer (init: HttpServerInit): Promise<HttpServer> {
  const limits = resolveHttpLimits(init.limits)
  const certificate = init.tls == null ? undefined : await loadCertificate(init.tls)
  const server = new Server(init, limits, certificate)
  await server.listen()

  return server
}

class Server implements HttpServer {
  readonly #init: HttpServerInit
  readonly #certificate: Certificate | undefined
  readonly #limits: HttpLimits
  readonly #server: NodeServer
  readonly #proxies: TrustedProxies
  readonly #turns: Turns
  readonly #connections: Connections
  /** By remote address and port: an HTTP/2 request does not show its socket. */
  readonly #admitted = new Map<string, AdmittedSocket>()
  readonly #sockets = new Set<Socket>()
  #timer: NodeJS.Timeout | undefined
  /** Resolves at the end of this tick. */
  #tick: Promise<void> | undefined

  constructor (init: HttpServerInit, limits: HttpLimits, certificate: Certificate | undefined) {
    this.#init = init
    this.#limits = limits
    this.#certificate = certificate
    this.#proxies = init.trustedProxies ?? NO_PROXIES
    this.#turns = new Turns(limits.unsent, limits.waiting)
    this.#connections = new Connections(limits)
    this.#server = certificate == null ? this.#createPlain() : this.#createSecure(certificate)
    this.#server.on('connection', (socket: Socket) => { this.#onConnection(socket) })
  }

  get url (): string {
    const { host } = this.#init
    const { port } = this.#server.address() as AddressInfo

    return `${this.#certificate == null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  }

  get status (): HttpServerStatus {
    const { open, evicted, refused } = this.#connections.status

    return { connections: open, evicted, refused, unsent: this.#turns.held }
  }

  async listen (): Promise<void> {
    const { host, port } = this.#init

    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ port, host, backlog: ACCEPT_QUEUE }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })

    if (this.#certificate != null) {
      this.#timer = setInterval(() => { void this.renewCertificate() }, CERTIFICATE_INTERVAL).unref()
    }
  }

  async renewCertificate (): Promise<void> {
    try {
      const pair = await this.#certificate?.renew()

      if (pair != null) {
        (this.#server as Http2SecureServer).setSecureContext(pair)
      }
    } catch (err) {
      this.#init.warn?.((err as Error).message)
    }
  }

  async stop (): Promise<void> {
    clearInterval(this.#timer)

    await new Promise<void>(resolve => {
      this.#server.close(() => { resolve() })
      this.#sockets.forEach(socket => { socket.destroy() })
    })
  }

  #createPlain (): NodeServer {
    const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, connectionsCheckingInterval: this.#limits.headersTimeout / 2 }, (request, response) => { void this.#answer(request, response) })

    return this.#limitHttp1(server)
  }

  #createSecure ({ current }: Certificate): NodeServer {
    const { headersTimeout, streamsPerConnection, idleTimeout } = this.#limits
    const options = {
      ...current,
      allowHTTP1: true,
      handshakeTimeout: headersTimeout,
      // of HTTP/1.1
      maxHeaderSize: MAX_HEADER_BYTES,
      connectionsCheckingInterval: headersTimeout / 2,
      settings: { maxConcurrentStreams: streamsPerConnection, maxHeaderListSize: MAX_HEADER_BYTES }
    }
    const server = createSecureServer(options, (request, response) => { void this.#answer(request, response) })

    server.on('session', (session: ServerHttp2Session) => {
      session.setTimeout(idleTimeout, () => { session.destroy() })
      // an error of one session must not end the process
      session.on('error', () => {})
    })
    server.on('sessionError', () => {})
    // Node leaves the connection open if no handshake is completed in time
    server.on('tlsClientError', (_, socket) => { socket.destroy() })

    return this.#limitHttp1(server)
  }

  #limitHttp1 <T extends NodeServer> (server: T): T {
    const { headersTimeout, idleTimeout } = this.#limits
    answerRefusals(server)

    return Object.assign(server, { headersTimeout, requestTimeout: headersTimeout, keepAliveTimeout: idleTimeout })
  }

  #onConnection (socket: Socket): void {
    const id = idOf(socket)
    const address = this.#proxies.clientAddress(socket.remoteAddress)
    const network = networkOf(address)
    const admitted = this.#connections.admit(socket, network, this.#proxies.includes(address))

    if (admitted == null) {
      socket.destroy()

      return
    }

    this.#admitted.set(id, { ...admitted, address, network })
    this.#sockets.add(socket)
    socket.on('close', () => {
      admitted.close()
      this.#admitted.delete(id)
      this.#sockets.delete(socket)
    })
  }

  async #answer (request: NodeRequest, response: NodeResponse): Promise<void> {
    const admitted = this.#admitted.get(idOf(request.socket))
    const gone = new AbortController()
    admitted?.begin()
    response.on('close', () => {
      if (isCut(response)) {
        gone.abort()
      }
    })
    response.on('error', () => {})
    response.setTimeout(this.#limits.stallTimeout, () => { breakOff(response) })

    try {
      await this.#takeTurn(request, response, this.#clientOf(request, admitted), gone.signal)
    } catch {
      breakOff(response)
    } finally {
      admitted?.end()
    }
  }

  /** The client that sent a request: behind a proxy, the client that its headers name. */
  #clientOf ({ socket, headers }: NodeRequest, admitted: AdmittedSocket | undefined): Pick<AdmittedSocket, 'address' | 'network'> {
    const forwardedFor = headers['x-forwarded-for']

    if (admitted != null && forwardedFor == null) {
      return admitted
    }

    const address = this.#proxies.clientAddress(socket.remoteAddress, forwardedFor)

    return { address, network: networkOf(address) }
  }

  /** If a client of HTTP/2 resets each stream at once, its requests have been cancelled by the end of the tick, so no handler is called for them. */
  async #endOfTick (): Promise<void> {
    this.#tick ??= new Promise(resolve => {
      setImmediate(() => {
        this.#tick = undefined
        resolve()
      })
    })

    return this.#tick
  }

  async #takeTurn (request: NodeRequest, response: NodeResponse, { address: remoteAddress, network }: Pick<AdmittedSocket, 'address' | 'network'>, signal: AbortSignal): Promise<void> {
    if (request.httpVersionMajor === 2) {
      await this.#endOfTick()

      if (signal.aborted) {
        return
      }
    }

    const reserve = request.method === 'GET' ? RESERVE : RESERVE_HEAD
    const entered = this.#turns.enter(network, reserve)

    if (entered == null) {
      answerWith(response, 503, 'too many requests from this address are waiting', { 'retry-after': '1' })

      return
    }

    const turn = entered instanceof Promise ? await entered : entered
    // even if the handler does not notice
    response.on('close', () => { turn.end() })

    try {
      if (!signal.aborted) {
        const asked = toRequest(request, this.#certificate != null, signal)

        if (asked == null) {
          answerWith(response, 400, 'this request cannot be answered')
        } else {
          await sendResponse(response, await this.#init.handler(asked, { remoteAddress }), turn)
        }
      }
    } finally {
      turn.end()
    }
  }
}

function idOf ({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress}|${remotePort}`
}
