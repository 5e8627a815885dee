import { createServer } from 'node:http'
import { InvalidOptionError } from '@kitsune/want-router'
import { StartError } from '../errors.ts'
import { reasonOf } from '../listen-error.ts'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** Where the admin server listens, and the source of its answers. */
export interface AdminInit {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly view: AdminView
}

type Maybe<T> = T | undefined | Promise<T | undefined>

/** The sources of the admin server's answers. */
export interface AdminView {
  /** Why the balancer is not ready; undefined if it is. */
  notReady (): Maybe<string>
  /** True while all places for clients are taken; default: never. */
  full? (): Maybe<boolean>
  /** A problem that does not keep the balancer from serving clients; undefined if there is none. */
  problem? (): Maybe<string>
  /** The content of /status, a plain object. */
  status (): unknown
  /** The content of /metrics. */
  metrics (): Promise<Pick<Registry, 'contentType' | 'metrics' | 'getMetricsAsJSON'>>
  /**
   * Drains a node: it may finish its wants, and gets no new ones. `false` resumes it. Returns
   * the new state of the node; undefined if there is no such node.
   *
   * @throws {InvalidOptionError} it cannot be done
   */
  setDraining (node: string, draining: boolean): unknown
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
  /** The allowed methods, if the method of the request is not one of them. */
  allow?: string
  body: string
}

/**
 * Starts the HTTP server for operators: /healthz, /readyz, /metrics, /status, and POST
 * /members/<name>/drain and /resume. It has no authentication, and listens on loopback by
 * default. Requests of a browser change nothing: any page that an operator opens could send
 * them.
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

async function answer ({ view }: AdminInit, request: IncomingMessage): Promise<Answer> {
  const [path] = (request.url ?? '').split('?')
  const [, name, verb] = /^\/members\/(.+)\/(drain|resume)$/.exec(path) ?? []

  return name == null ? read(view, path, request) : change(view, name, verb === 'drain', request)
}

/** Answers a request that only reads. */
async function read (view: AdminView, path: string, { method }: IncomingMessage): Promise<Answer> {
  const routes: Record<string, () => Answer | Promise<Answer>> = {
    // a process that answers is alive; /readyz says whether it can serve
    '/healthz': () => json(200, { status: 'ok' }),
    '/readyz': async () => {
      const [reason, problem, full] = await Promise.all([view.notReady(), view.problem?.(), view.full?.()])

      return reason == null
        ? json(200, { status: 'ready', ...(full === true ? { full } : {}), ...(problem == null ? {} : { problem }) })
        : json(503, { status: 'not ready', reason })
    },
    '/status': async () => json(200, await view.status()),
    '/metrics': async () => {
      const registry = await view.metrics()

      return { status: 200, contentType: registry.contentType, body: await registry.metrics() }
    }
  }

  if (!Object.hasOwn(routes, path)) {
    return json(404, { error: 'not found', paths: [...Object.keys(routes), '/members/<name>/drain', '/members/<name>/resume'] })
  }

  if (method !== 'GET' && method !== 'HEAD') {
    return notAllowed('GET, HEAD')
  }

  return routes[path]()
}

/** Answers a request that drains or resumes a node. */
async function change ({ setDraining }: AdminView, name: string, draining: boolean, { method, headers }: IncomingMessage): Promise<Answer> {
  if (method !== 'POST') {
    return notAllowed('POST')
  }

  // browsers send at least one of these headers with every POST, other programs send neither
  if (headers.origin != null || headers['sec-fetch-site'] != null) {
    return json(403, { error: 'not from a web page' })
  }

  try {
    const node = await setDraining(decodeURIComponent(name), draining)

    return node == null ? json(404, { error: 'there is no such node; write its name as /status does, percent-encoded' }) : json(200, node)
  } catch (err) {
    if (err instanceof InvalidOptionError || err instanceof URIError) {
      return json(err instanceof URIError ? 400 : 409, { error: err.message })
    }

    throw err
  }
}

function notAllowed (allow: string): Answer {
  return { ...json(405, { error: `only ${allow}` }), allow }
}

function json (status: number, body: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(body, undefined, 2)}\n` }
}

function send ({ method }: IncomingMessage, response: ServerResponse, { status, contentType, allow, body }: Answer): void {
  response.writeHead(status, {
    ...(contentType == null ? {} : { 'content-type': contentType }),
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(allow == null ? {} : { allow })
  })
  response.end(method === 'HEAD' ? undefined : body)
}
