/**
 * @packageDocumentation
 *
 * A client for the RPC of kubo. It follows no redirect, so credentials go only to the
 * configured address, and names and errors contain no credentials.
 *
 * @example
 * ```ts
 * const rpc = createKuboRpc({ url: 'http://me:secret@10.0.0.1:5001' })
 * const { ID } = await rpc.json('id') as { ID: string }
 * ```
 */
export { createKuboRpc } from './client.ts'
export type { CallInit, KuboRpc, KuboRpcInit, Query } from './client.ts'
export { parseEndpoint } from './endpoint.ts'
export type { Endpoint, EndpointHost, EndpointInit } from './endpoint.ts'
export * from './errors.ts'
export { failureMessage } from './failure-message.ts'
export { fetchRequest } from './fetch-request.ts'
export type { Fetch } from './fetch-request.ts'
