/**
 * @packageDocumentation
 *
 * A libp2p host for Cloudflare Workers, i.e. for workerd with its flag nodejs_compat. Also set
 * no_web_socket_compression: compression does not make encrypted data smaller.
 */
export { createHost } from './create-host.ts'
export type { WorkerdHost, WorkerdHostInit } from './create-host.ts'
export { createNoiseCrypto } from './noise-crypto.ts'
export { NotListeningError } from '../errors.ts'
export type { WorkerdSocket } from './socket-connection.ts'
export type { Sockets } from './sockets.ts'
