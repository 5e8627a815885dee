/**
 * @packageDocumentation
 *
 * The parts of preload that need Node.js: a server, and the refs of kubo with their trailers.
 */
export { flushingGzip } from './gzip.ts'
export { kuboRefs } from './kubo-refs.ts'
export type { KuboRefsInit } from './kubo-refs.ts'
export type { EndpointInit } from '@kitsune/kubo-rpc'
export { refsServer } from './server.ts'
