/**
 * @packageDocumentation
 *
 * libp2p hosts fit for servers, as far as they do not depend on the platform. The
 * host for Node.js is `createHost` of `@kitsune/host/node`.
 */
export { boundedPing } from './bounded-ping.ts'
export type { EndOfTick } from './batched-sends.ts'
export { createCapacity } from './capacity.ts'
export type { Capacity, CapacityComponents, CapacityInit, CapacityService, CapacityStatus } from './capacity.ts'
export { createHost } from './create-host.ts'
export * from './errors.ts'
export type { HostInit, HostServices, Platform, PlatformParts } from './host-options.ts'
export { leanNoise } from './lean-noise.ts'
export { leanYamux } from './lean-yamux.ts'
export { trimPeerStore } from './lean-peer-store.ts'
export type { LeanPeerStore } from './lean-peer-store.ts'
export { DEFAULT_HOST_LIMITS } from './limits.ts'
export type { HostLimits } from './limits.ts'
export { pacedMplex } from './paced-mplex.ts'
export { pacedYamux } from './paced-yamux.ts'
export type { YamuxLimits } from './paced-yamux.ts'
export { liveness } from './liveness.ts'
export type { LivenessClock, LivenessComponents, LivenessInit, LivenessLimits } from './liveness.ts'
export type { ProtocolRegistrar } from './quick-negotiation.ts'
export { createQuietLogger } from './quiet-logger.ts'
export { trackTraffic } from './traffic.ts'
export type { Progress, Traffic } from './traffic.ts'
export { hookUpgrades } from './upgrade-hook.ts'
export type { UpgradeHook } from './upgrade-hook.ts'
export { createWarnMissing, TESTED_VERSIONS } from './warn.ts'
export type { Warn, WarnMissing } from './warn.ts'
export { createWorkShares, DEFAULT_WORK_SHARES } from './work-shares.ts'
export type { Task, WorkShares, WorkSharesInit } from './work-shares.ts'
