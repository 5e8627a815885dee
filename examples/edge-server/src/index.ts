/**
 * @packageDocumentation
 *
 * The edge server as a function, for programs that embed it. The command is `kitsune-edge`.
 */
export { ConfigError } from './errors.ts'
export { parsePrivateKey } from './identity.ts'
export { startEdgeServer } from './node/server.ts'
export type { EdgeServer } from './node/server.ts'
export type { CarLocation, EdgeOptions } from './node/options.ts'
