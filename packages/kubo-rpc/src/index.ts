/**
 * @packageDocumentation
 *
 * The address, the credentials and the answers of kubo's RPC.
 */
export { parseEndpoint } from './endpoint.ts'
export type { Endpoint } from './endpoint.ts'
export * from './errors.ts'
export { readJson } from './json-response.ts'
