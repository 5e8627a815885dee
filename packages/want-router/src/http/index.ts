/**
 * @packageDocumentation
 *
 * Serves a router over HTTP: handlers that turn a `Request` into a `Response`, for Node, workerd and service workers of
 * browsers.
 *
 * @example
 * ```ts
 * import { blockHandler } from '@kitsune/want-router/http'
 *
 * const handler = blockHandler(node.services.router)
 * const response = await handler(new Request('http://localhost/ipfs/bafkqaaa?format=raw'))
 * ```
 */
export { blockHandler } from './block-handler.ts'
export type { BlockHandlerOptions, BlockRouter, Handler } from './block-handler.ts'
export { HttpRequestError, NotReadyError } from './errors.ts'
export { gatewayAddress } from './gateway-address.ts'
export { providersHandler } from './providers-handler.ts'
export type { ProvidersHandlerOptions } from './providers-handler.ts'
export { networkOf } from './remote-address.ts'
export type { RequestInfo } from './remote-address.ts'
export type { CreateResponse } from './serving.ts'
export { createTrustedProxies, normalizeAddress } from './trusted-proxies.ts'
export type { TrustedProxies } from './trusted-proxies.ts'
