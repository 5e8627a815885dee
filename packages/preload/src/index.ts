/**
 * @packageDocumentation
 *
 * Serves `/api/v0/refs` in front of IPFS nodes, as js-ipfs expects it of a preload node:
 * a client that cannot be dialled asks, a node behind the router pulls the client's DAG
 * over bitswap, through the router's reverse direction and nothing but that DAG.
 */
export { connectedPeers } from './clients/connected-peers.ts'
export type { ConnectedPeers, PeerHost } from './clients/connected-peers.ts'
export { DEFAULT_PRELOAD_LIMITS, PRELOAD_REVERSE_LIMITS } from './defaults.ts'
export type { PreloadLimits } from './defaults.ts'
export * from './errors.ts'
export { createGate } from './gate/gate.ts'
export type { Gate, GateInit, GateStatus } from './gate/gate.ts'
export { DEFAULT_LINK_CODECS } from './gate/links.ts'
export type { LinkCodecs, ReadLinks } from './gate/links.ts'
export type { GateLimits, Passage, PassageInit } from './gate/passage.ts'
export { memberRanking } from './member-ranking.ts'
export type { MemberRankingInit } from './member-ranking.ts'
export { memoryBus } from './registry/bus.ts'
export type { Bus } from './registry/bus.ts'
export { createRegistry } from './registry/bus-registry.ts'
export type { RegistryInit } from './registry/bus-registry.ts'
export { REDIS_OPTIONS, redisBus } from './registry/redis-bus.ts'
export type { RedisBus, RedisBusInit, RedisConnection } from './registry/redis-bus.ts'
export type { RemoteEnd } from './registry/remote-requests.ts'
export type { RegisteredRequest, Registry, RegistryStatus, Report, SharedRequest } from './registry/registry.ts'
export type { RefsRoot } from './refs/arg.ts'
export type { RefsEnd } from './refs/end.ts'
export { refsHandler } from './refs/handler.ts'
export type { RefsHandler, RefsHandlerInit, RefsStatus } from './refs/handler.ts'
export type { CreateGzip } from './refs/http.ts'
export type { Ref, RefsMember } from './refs/member.ts'
export type { RefsQuery } from './refs/query.ts'
export type { ReadBlock } from './refs/missing-links.ts'
export type { Timers } from './timers.ts'
export type { Policy, StrategyFactory, VerifiedBlock, WantRouter } from '@kitsune/want-router'
