/** A service worker that answers its pages' requests for blocks, from a router whose member is a gateway. */
import { gatewaySource } from '@kitsune/block-source'
import { source, wantRouter } from '@kitsune/want-router'
import { blockHandler } from '@kitsune/want-router/http'
import { createLibp2p } from 'libp2p'
import type { Handler } from '@kitsune/want-router/http'

/** The event of a service worker that has begun to serve, or of a request of one of its pages. */
interface WorkerEvent extends Event {
  readonly request: Request
  waitUntil (work: Promise<unknown>): void
  respondWith (response: Promise<Response>): void
}

declare const clients: { claim (): Promise<void> }

async function createHandler (url: string): Promise<Handler> {
  const { services: { router } } = await createLibp2p({
    services: { router: wantRouter({ targets: [source(gatewaySource({ url }), { id: 'gateway' })] }) }
  })

  return blockHandler(router)
}

const handler = createHandler(new URL(location.href).searchParams.get('gateway') ?? '')

addEventListener('activate', event => { (event as WorkerEvent).waitUntil(clients.claim()) })

addEventListener('fetch', event => {
  const asked = event as WorkerEvent

  if (new URL(asked.request.url).pathname.startsWith('/ipfs/')) {
    asked.respondWith(handler.then(async answer => answer(asked.request)))
  }
})
