import { serveConnection } from './connection.ts'
import { serveHttp } from './http.ts'
import { createIsolate } from './isolate.ts'
import type { Env } from './env.ts'
import type { Isolate } from './isolate.ts'
import type { CacheLike } from '../blocks/edge-cache.ts'
import type { WorkerdSocket } from '@kitsune/host/workerd'

/** Globals of workerd, whose types this package does not install. */
declare const WebSocketPair: new () => { 0: unknown, 1: WorkerdSocket }
declare const caches: { readonly default: CacheLike }

interface ExecutionContext {
  waitUntil (promise: Promise<unknown>): void
}

let isolate: Isolate | undefined

const worker = {
  async fetch (request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    try {
      isolate ??= createIsolate(env)
    } catch (err) {
      return new Response(`${(err as Error).message}\n`, { status: 500 })
    }

    const remoteAddress = request.headers.get('cf-connecting-ip') ?? '127.0.0.1'
    const address = addressOf(request, isolate)

    return request.headers.get('upgrade')?.toLowerCase() === 'websocket'
      ? upgrade(isolate, remoteAddress, address)
      : serveHttp(request, isolate, { remoteAddress, address, cache: caches.default, later: promise => { context.waitUntil(promise) } })
  }
}

async function upgrade (isolate: Isolate, client: string, address: string): Promise<Response> {
  const { 0: theirs, 1: ours } = new WebSocketPair()
  await serveConnection({ isolate, socket: ours, client, announce: [address] })

  return new Response(null, { status: 101, webSocket: theirs } as ResponseInit)
}

/** Where a client dials the Worker. */
function addressOf (request: Request, { env }: Isolate): string {
  if (env.ADDRESS != null) {
    return env.ADDRESS
  }

  const { protocol, hostname, port } = new URL(request.url)
  const [scheme, usual] = protocol === 'https:' || protocol === 'wss:' ? ['wss', 443] : ['ws', 80]
  const kind = /^[\d.]+$/.test(hostname) ? 'ip4' : 'dns4'

  return `/${kind}/${hostname}/tcp/${port === '' ? usual : port}/${scheme}`
}

export { QuotaCounter } from './quota-counter.ts'
// workerd requires a default export
export default worker
