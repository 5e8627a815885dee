import { createBudget } from '@kitsune/block-source'
import { source } from '@kitsune/want-router'
import { blockHandler, gatewayAddress, providersHandler } from '@kitsune/want-router/http'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { edgeCached } from '../blocks/edge-cache.ts'
import { respond } from '../http/endpoints.ts'
import { countSent, formatMetrics } from '../metrics.ts'
import { unconnectedRouter } from './unconnected.ts'
import type { Isolate } from './isolate.ts'
import type { CacheLike } from '../blocks/edge-cache.ts'
import type { WantRouter } from '@kitsune/want-router'
import type { Handler } from '@kitsune/want-router/http'

const CAR_TYPE = 'application/vnd.ipld.car'
/**
 * An incomplete section. workerd ends a failed body like a complete one, and clients must not take a CAR that was broken off for a complete one.
 */
const HALF_A_SECTION = Uint8Array.of(0x25, 0x01)

/** The context of a request. */
export interface HttpInit {
  /** The address of the client, according to Cloudflare. */
  readonly remoteAddress: string
  /** Where clients dial for bitswap, without /p2p/. */
  readonly address: string
  readonly cache: CacheLike
  /** Keeps the request alive until a promise has ended: `ctx.waitUntil`. */
  later (promise: Promise<unknown>): void
}

/** Answers an HTTP request. Each request that needs a router has its own, since requests must not wait for each other. */
export async function serveHttp (request: Request, isolate: Isolate, init: HttpInit): Promise<Response> {
  const { env, privateKey, index, counts } = isolate
  const peerId = privateKey.publicKey.toString()
  const { origin } = new URL(request.url)
  const addresses = [gatewayAddress(origin), init.address]

  return respond({
    peerId,
    addresses: () => [init.address],
    metrics: () => formatMetrics(counts),
    blocks: withRouter(isolate, init, blockHandler),
    records: withRouter(isolate, init, router => providersHandler(router, { peerId, addresses })),
    index: env.INDEX_SERVICE === 'true' ? index : undefined
  }, request, init)
}

/** A handler that creates a router for each request, and stops it when the response has been sent. */
function withRouter (isolate: Isolate, init: HttpInit, createHandler: (router: WantRouter) => Handler): Handler {
  return async (request, info) => {
    await isolate.lists.refresh()
    const router = createRouter(request, isolate, init)
    await router.start()
    const response = await createHandler(router)(request, info)

    return whenSent(response, async () => router.stop())
  }
}

function createRouter (request: Request, isolate: Isolate, { cache, later }: HttpInit): WantRouter {
  const { env, privateKey, policies, source: all, budget: shared, counts } = isolate
  const budget = createBudget({ limit: env.subRequests })
  const blocks = edgeCached(shared.charge(all, budget), { cache, origin: new URL(request.url).origin, budget, costs: counts.costs, later })

  return unconnectedRouter(peerIdFromPrivateKey(privateKey), {
    targets: [source(policies.quotas?.watch(blocks) ?? blocks, { id: 'cars' })],
    policies: [...policies.all, countSent(counts)]
  })
}

/** The same response, which calls `sent` when its body has been sent or has failed. */
function whenSent (response: Response, sent: () => Promise<void>): Response {
  const { body } = response

  if (body == null || response.headers.has('content-length')) {
    // the body is complete already
    sent().catch(() => {})

    return response
  }

  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const end = response.headers.get('content-type')?.startsWith(CAR_TYPE) === true ? HALF_A_SECTION : undefined
  pass(body, writable.getWriter(), end).catch(() => {}).finally(() => { sent().catch(() => {}) })

  return new Response(readable, response)
}

/** Forwards a body. If it fails, writes `end` before it aborts. */
async function pass (body: ReadableStream<Uint8Array>, writer: WritableStreamDefaultWriter<Uint8Array>, end?: Uint8Array): Promise<void> {
  try {
    for await (const chunk of body) {
      await writer.write(chunk)
    }

    await writer.close()
  } catch (err) {
    if (end != null) {
      await writer.write(end)
    }

    await writer.abort(err)
    throw err
  }
}
