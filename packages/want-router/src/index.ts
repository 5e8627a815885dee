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
export { DEFAULT_LIMITS, DEFAULT_REVERSE_LIMITS } from './defaults.ts'
export type { Limits } from './defaults.ts'
export type { Discovery, DiscoveryContext } from './discovery/discovery.ts'
export type { RemoveOptions } from './driver/member-targets.ts'
export type { BlockHasher } from './driver/verifier.ts'
export * from './errors.ts'
<<<<<<< ours
export type { DrainingEvent, MemberAddedEvent, MemberError, MemberErrorEvent, MemberEvent, MemberRemovedEvent, RouterEvent, StrategyErrorEvent } from './events.ts'
export type { Input, MemberChange } from './engine/io.ts'
=======
export type { DrainingEvent, MemberError, MemberErrorEvent, MemberEvent, RouterEvent, StrategyErrorEvent } from './events.ts'
export type { Input } from './engine/io.ts'
export type { Taken, TakenBlock } from './engine/replies.ts'
>>>>>>> theirs
export type { EngineStatus, MemberStatus, MemberTotals, Totals, WantEnd } from './engine/status.ts'
export type { Decision, Tap, TapRecord } from './engine/tap.ts'
export type { HashFunction } from './engine/verifiability.ts'
export { DEFAULT_HAS_WITHIN } from './local/local-client.ts'
export type { GetOptions, HasAnswer, HasOptions, LocalClient } from './local/local-client.ts'
export type { GetManyOptions, GotBlock } from './local/get-many.ts'
export type { NetworkComponents } from './network/components.ts'
export * from './network/errors.ts'
export type { NetworkStats } from './network/stats.ts'
export type { ReverseDirection, ReverseInit } from './reverse/reverse.ts'
export { wantRouter } from './router.ts'
export type { Members } from './router-members.ts'
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
export type { KnownStrategies } from './strategies/syntax/parser.ts'
export { peakEwma } from './strategies/algorithms/peak-ewma.ts'
export { random } from './strategies/algorithms/random.ts'
export { rendezvous } from './strategies/algorithms/rendezvous.ts'
export { roundRobin } from './strategies/algorithms/round-robin.ts'
export * from './strategies/strategy.ts'
export type { BlockBytes } from './targets/block-bytes.ts'
export { peerTarget } from './targets/peer-target.ts'
export type { PeerTargetInit, RetryInit } from './targets/peer-target.ts'
export { source } from './targets/source-target.ts'
export type { SourceBatchOptions, SourceLike, SourceReadOptions, SourceResult } from './targets/source-like.ts'
export type { SourceInit } from './targets/source-target.ts'
export * from './targets/target.ts'
export type { Timers } from './timers.ts'
export type { BitswapProtocol, MessageBlock, Outgoing, Presence, WantEntry, WantKey } from '@kitsune/bitswap-codec'
