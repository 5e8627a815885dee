/**
 * @packageDocumentation
 *
 * Compares routing strategies over simulated hours, with the router's own engine
 * on a simulated clock: {@link simulate} a scenario, or build your own
 * {@link createWorld | world} around the engine.
 */
export * from './errors.ts'
export type * from './metrics/result.ts'
export { toHtml } from './report/html.ts'
export type { Wanted } from './models/client.ts'
export { printRuns, printShares } from './report/table.ts'
export { parseScenario } from './scenario/parser.ts'
export { readRecording } from './scenario/recording.ts'
export type { RecordedScenario, Recording } from './scenario/recording.ts'
export { scenarioSchema } from './scenario/schema.ts'
export type { Distribution, FullScenario, Scenario } from './scenario/schema.ts'
export { SCENARIOS } from './scenarios/index.ts'
export { simulate } from './simulation.ts'
export type { NamedStrategy, SimulateInit } from './simulation.ts'
export { cidOfKey, contentBlock, contentBlockKey, contentCid, contentIndex, contentKey, verifyContent } from './world/content.ts'
export { connectReader } from './world/reader.ts'
export type { ReaderInit } from './world/reader.ts'
export { createWorld } from './world/world.ts'
export type { ClientHandlers, ClientLink, World, WorldEnv, WorldInit, WorldMember } from './world/world.ts'
export type { BitswapProtocol, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
export type { Limits, MemberInit, StrategyFactory, Tap, Target, Timers } from '@kitsune/want-router'
export type { AdmissionOptions, Driver, Engine, EngineInit, HashFunction, Verify } from '@kitsune/want-router/engine'
export type { FakeClock } from '@kitsune/want-router/testing'
