/**
 * @packageDocumentation
 *
 * The parts of a libp2p host for servers that do not depend on the platform. A
 * complete host for Node.js is in `@kitsune/host/node`.
 */
export { createCapacity } from './capacity.ts'
export type { Capacity, CapacityComponents, CapacityInit, CapacityService, CapacityStatus } from './capacity.ts'
export { trimPeerStore } from './lean-peer-store.ts'
export type { LeanPeerStore } from './lean-peer-store.ts'
export { HOST_LIMITS } from './limits.ts'
export { liveness } from './liveness.ts'
export type { LivenessClock, LivenessComponents, LivenessInit, LivenessLimits } from './liveness.ts'
export { createQuietLogger } from './quiet-logger.ts'
export { trackTraffic } from './traffic.ts'
export type { Progress, Traffic } from './traffic.ts'
export { hookUpgrades } from './upgrade-hook.ts'
export type { UpgradeHook } from './upgrade-hook.ts'
