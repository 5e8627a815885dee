/**
 * @packageDocumentation
 *
 * A libp2p host for servers on Node.js.
 */
export { corkedTcp } from './corked-tcp.ts'
export { createHost } from './create-host.ts'
export { createNoiseCrypto } from './noise-crypto.ts'
export { nodePlatform } from './platform.ts'
export { reportStrayErrors } from './stray-errors.ts'
export { hardenedWebSockets } from './websockets.ts'
export type { WebSocketLimits } from './websockets.ts'
