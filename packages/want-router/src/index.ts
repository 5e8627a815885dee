/**
 * @packageDocumentation
 *
 * Routes bitswap wants to many nodes and block sources. What flows in: wantlist
 * messages of upstream peers. What comes out: wants to the members that a strategy
 * ranks first, and to each upstream peer the blocks and presences that it asked
 * for, in its own words. `engine/engine.ts` has the essay: the life of a want and
 * what can never happen to it.
 *
 * There is no QUIC and no WebTransport: js-libp2p has no server for them.
 */
export { DEFAULT_LIMITS } from './defaults.ts'
export type { Limits } from './defaults.ts'
export * from './errors.ts'
export type { EngineStatus, MemberStatus, MemberTotals, Totals } from './engine/io.ts'
export { wantRouter } from './router.ts'
export type { RouterStatus, WantRouter, WantRouterComponents, WantRouterInit } from './router.ts'
export * from './strategies/strategy.ts'
export * from './targets/target.ts'
