import { createServer } from 'node:http'
import { StartError } from '../errors.ts'
import { reasonOf } from '../listen-error.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where the admin server listens, and the sources of its answers. */
export interface AdminInit {
  host: string
  /** 0 takes any free port. */
  port: number
  /** Why the balancer is not ready; undefined if it is. */
  notReady (): string | undefined
  /** True while all places for clients are taken; default: never. */
  full? (): boolean
  /** The content of /status, a plain object. */
  status (): unknown
  /** The content of /metrics. */
  metrics (): Promise<{ contentType: string, body: string }>
}

/** A running admin server. */
export interface AdminServer {
  /** `http://host:port` */
  readonly url: string
  stop (): Promise<void>
}

interface Answer {
  status: number
  contentType?: string
  body: string
}

/**
 * Starts the HTTP server for operators: /healthz, /readyz, /metrics, /status.
 * It has no authentication, and listens on loopback by default.
 *
 * @throws {StartError} the server cannot listen on the address
 */
export async function startAdminServer (init: AdminInit): Promise<AdminServer> {
  const server = createServer((request, response) => {
    answer(init, request)
      .catch((): Answer => json(500, { error: 'internal error' }))
      .then(answer => { send(request, response, answer) }, () => {})
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', (err) => {
      reject(new StartError(`admin server: cannot listen on ${init.host}:${init.port}: ${reasonOf(err.message)}; choose another with --admin`))
    })
    server.listen(init.port, init.host, resolve)
  })

  const { address, family, port } = server.address() as AddressInfo

  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => { resolve() })
        server.closeAllConnections()
      })
    }
  }
}

async function answer (init: AdminInit, { method, url }: IncomingMessage): Promise<Answer> {
  const [path] = (url ?? '').split('?')
  const routes: Record<string, () => Answer | Promise<Answer>> = {
    // a process that answers is alive; readiness tells whether it can serve
    '/healthz': () => json(200, { status: 'ok' }),
    '/readyz': () => {
      const reason = init.notReady()

      return reason == null ? json(200, { status: 'ready', ...(init.full?.() === true ? { full: true } : {}) }) : json(503, { status: 'not ready', reason })
    },
    '/status': () => json(200, init.status()),
    '/metrics': async () => ({ status: 200, ...await init.metrics() })
  }

  if (!Object.hasOwn(routes, path)) {
    return json(404, { error: 'not found', paths: Object.keys(routes) })
  }

  if (method !== 'GET' && method !== 'HEAD') {
    return json(405, { error: 'only GET and HEAD' })
  }

  return routes[path]()
}

function json (status: number, body: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body, undefined, 2)}\n` }
}

function send ({ method }: IncomingMessage, response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, {
    ...(contentType == null ? {} : { 'content-type': contentType }),
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {})
  })
  response.end(method === 'HEAD' ? undefined : body)
}
