/**
 * @packageDocumentation
 *
 * The balancer as a function, for tests and for programs that embed it. The
 * command is `kitsune-balancer`.
 */

export { startBalancer } from './balancer.ts'
export type { Balancer, BalancerOptions } from './balancer.ts'
export { DEFAULTS, loadConfig } from './config/config.ts'
export type { BalancerConfig } from './config/config.ts'
export type { BalancerLimits } from './config/limits.ts'
export type { DownstreamConfig } from './config/downstream-config.ts'
export type { Sources } from './config/layers.ts'
export type { Secret } from './config/secret.ts'
export * from './errors.ts'
export { createLog } from './log/log.ts'
export type { Log, LogFields, LogFormat, LogInit, LogLevel } from './log/log.ts'
