import { indexService } from '@kitsune/block-source'
import type { BlockIndex } from '@kitsune/block-source'
import type { Handler, RequestInfo } from '@kitsune/want-router/http'

/** The sources of the answers over HTTP. */
export interface Endpoints {
  readonly peerId: string
  /** Where clients dial for bitswap, without /p2p/. */
  addresses (): readonly string[]
  /** In the text format of Prometheus. */
  metrics (): string
  /** Blocks and CARs, as `blockHandler` answers them. */
  readonly blocks: Handler
  /** Provider records, as `providersHandler` answers them. */
  readonly records: Handler
  /** The index that other processes may use; undefined if they may not. */
  readonly index?: BlockIndex
}

const PATHS = ['/', '/healthz', '/metrics', '/ipfs/<cid>?format=raw', '/ipfs/<cid>?format=car', '/routing/v1/providers/<cid>']

/** Answers a request by its path. */
export async function respond (endpoints: Endpoints, request: Request, info?: RequestInfo): Promise<Response> {
  const { pathname } = new URL(request.url)
  const { peerId, index, blocks, records } = endpoints

  switch (pathname.split('/', 2)[1]) {
    case '': return Response.json({ peerId, addresses: endpoints.addresses().map(address => `${address}/p2p/${peerId}`) })
    case 'healthz': return Response.json({ status: 'ok' })
    case 'metrics': return new Response(endpoints.metrics(), { headers: { 'content-type': 'text/plain; version=0.0.4', 'cache-control': 'no-store' } })
    case 'ipfs':
    case '.well-known': return blocks(request, info)
    case 'routing': return records(request, info)
    case 'index': if (index != null) { return indexService({ index })(request) }
    // falls through
    default: return Response.json({ error: 'not found', paths: PATHS }, { status: 404 })
  }
}
