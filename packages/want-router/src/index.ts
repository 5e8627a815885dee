/**
 * @packageDocumentation
 *
 * Routes bitswap wants to many nodes and block sources. What flows in: wantlist
 * messages of upstream peers. What comes out: wants to the members that a strategy
 * ranks first, and to each upstream peer the blocks and presences that it asked
 * for, in its own words. `engine/engine.ts` has the essay: the life of a want and
 * what can never happen to it.
 *
 * There is no QUIC and no WebTransport: all is tried on tcp and WebSockets.
 */
export { DEFAULT_LIMITS } from './defaults.ts'
export type { Limits } from './defaults.ts'
export type { BlockHasher } from './driver/verifier.ts'
export * from './errors.ts'
export type { DrainingEvent, MemberError, MemberErrorEvent, MemberEvent, RouterEvent, StrategyErrorEvent } from './events.ts'
export type { EngineStatus, MemberStatus, MemberTotals, Totals } from './engine/status.ts'
export { DEFAULT_HAS_WITHIN } from './local/local-client.ts'
export type { GetOptions, HasAnswer, HasOptions, LocalClient } from './local/local-client.ts'
export type { GetManyOptions, GotBlock } from './local/get-many.ts'
export { wantRouter } from './router.ts'
export type { RouterMemberStatus, RouterStatus, WantRouter, WantRouterComponents, WantRouterInit } from './router.ts'
export { boundedLoad } from './strategies/decorators/bounded-load.ts'
export { presence } from './strategies/decorators/presence.ts'
export type { PresenceInit } from './strategies/decorators/presence.ts'
export { sticky } from './strategies/decorators/sticky.ts'
export type { StickyInit } from './strategies/decorators/sticky.ts'
export { tiers } from './strategies/decorators/tiers.ts'
export type { TiersInit } from './strategies/decorators/tiers.ts'
export { delegateTo } from './strategies/delegate.ts'
export { DEFAULT_STRATEGY, defaultStrategy } from './strategies/default.ts'
export { hotCold } from './strategies/algorithms/hot-cold.ts'
export type { HotColdInit } from './strategies/algorithms/hot-cold.ts'
export type { LatencyInit } from './strategies/ranking/latency.ts'
export { leastLoaded } from './strategies/algorithms/least-loaded.ts'
export type { LeastLoadedInit } from './strategies/algorithms/least-loaded.ts'
export { maglev } from './strategies/algorithms/maglev.ts'
export type { MaglevInit } from './strategies/algorithms/maglev.ts'
export { STRATEGIES } from './strategies/syntax/names.ts'
export type { StrategySyntax, WrittenOptions } from './strategies/syntax/names.ts'
export { parseStrategy } from './strategies/syntax/parser.ts'
export { peakEwma } from './strategies/algorithms/peak-ewma.ts'
export { random } from './strategies/algorithms/random.ts'
export { rendezvous } from './strategies/algorithms/rendezvous.ts'
export { roundRobin } from './strategies/algorithms/round-robin.ts'
export * from './strategies/strategy.ts'
export { peerTarget } from './targets/peer-target.ts'
export type { PeerTargetInit, RetryInit } from './targets/peer-target.ts'
export { source } from './targets/source-target.ts'
export type { SourceInit, SourceLike, SourceReadOptions } from './targets/source-target.ts'
export * from './targets/target.ts'
