/**
 * @packageDocumentation
 *
 * libp2p hosts for servers on Node.js.
 */
export { createDownstreamHost } from './downstream-host.ts'
export { createUpstreamHost } from './upstream-host.ts'
export type { UpstreamHostInit } from './upstream-host.ts'
export type { HostInit, HostServices } from './host-options.ts'
