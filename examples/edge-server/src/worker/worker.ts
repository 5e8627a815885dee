import { indexService } from '@kitsune/block-source'
import { serveConnection } from './connection.ts'
import { createIsolate } from './isolate.ts'
import { formatMetrics } from './metrics.ts'
import type { Env } from './env.ts'
import type { Isolate } from './isolate.ts'
import type { WorkerdSocket } from '@kitsune/host/workerd'

/** The parts of workerd that its types would declare. */
declare const WebSocketPair: new () => { 0: unknown, 1: WorkerdSocket }

let isolate: Isolate | undefined

const worker = {
  async fetch (request: Request, env: Env): Promise<Response> {
    try {
      isolate ??= createIsolate(env)
    } catch (err) {
      return new Response(`${(err as Error).message}\n`, { status: 500 })
    }

    return request.headers.get('upgrade')?.toLowerCase() === 'websocket' ? upgrade(request, isolate) : describe(request, isolate)
  }
}

async function upgrade (request: Request, isolate: Isolate): Promise<Response> {
  const { 0: theirs, 1: ours } = new WebSocketPair()
  await serveConnection({
    isolate,
    socket: ours,
    client: request.headers.get('cf-connecting-ip') ?? '127.0.0.1',
    announce: [addressOf(request, isolate)]
  })

  return new Response(null, { status: 101, webSocket: theirs } as ResponseInit)
}

async function describe (request: Request, isolate: Isolate): Promise<Response> {
  const { pathname } = new URL(request.url)
  const peerId = isolate.privateKey.publicKey.toString()

  switch (pathname) {
    case '/': return Response.json({ peerId, addresses: [`${addressOf(request, isolate)}/p2p/${peerId}`] })
    case '/healthz': return Response.json({ status: 'ok' })
    case '/metrics': return new Response(formatMetrics(isolate.counts), { headers: { 'content-type': 'text/plain; version=0.0.4', 'cache-control': 'no-store' } })
    default: return pathname.startsWith('/index/') && isolate.env.INDEX_SERVICE === 'true'
      ? indexService({ index: isolate.index })(request)
      : Response.json({ error: 'not found', paths: ['/', '/healthz', '/metrics'] }, { status: 404 })
  }
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

// the name that workerd looks for
export default worker
