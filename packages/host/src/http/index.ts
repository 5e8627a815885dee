/**
 * @packageDocumentation
 *
 * An HTTP server for Node.js that is fit for the open internet.
 */
export { ACCEPT_QUEUE } from '../accept-queue.ts'
export { bytesResponse } from './bytes-response.ts'
export type { BytesInit } from './bytes-response.ts'
export type { TlsFiles } from './certificate.ts'
export { DEFAULT_HTTP_LIMITS } from './limits.ts'
export type { HttpLimits } from './limits.ts'
export { startHttpServer } from './server.ts'
export type { ClientInfo, HttpHandler, HttpServer, HttpServerInit, HttpServerStatus } from './server.ts'
export type { TrustedProxies } from '../trusted-proxies.ts'
