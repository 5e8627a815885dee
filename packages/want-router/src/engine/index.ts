/**
 * @packageDocumentation
 *
 * The pure engine, and the driver that supplies it with time, for code that feeds them in
 * another way than `wantRouter` does: a simulation, a replay, a test. See {@link
 * createEngine} and {@link createDriver}.
 */
export { createDriver } from '../driver/driver.ts'
export type { UpstreamPort } from '../driver/decisions.ts'
export type { Driver, DriverInit, WantlistMessage } from '../driver/driver.ts'
export type { AdmissionOptions } from '../driver/verdicts.ts'
export { createVerifier } from '../driver/verifier.ts'
export type { BlockHasher, Verifier, Verify } from '../driver/verifier.ts'
export { InvalidOptionError, InvariantError, ReentryError } from '../errors.ts'
export { createEngine } from './engine.ts'
export type { EngineInit } from './engine-init.ts'
export { tryStrategy } from './guarded-strategy.ts'
export { hashString } from './hash.ts'
export type * from './io.ts'
export type { Taken, TakenBlock } from './replies.ts'
export type { EngineStatus, MemberStatus, MemberTotals, Peaks, Totals, WantEnd } from './status.ts'
export type * from './tap.ts'
export { verifiableBy } from './verifiability.ts'
export type { HashFunction } from './verifiability.ts'
export { platformTimers } from '../timers.ts'
export type { Timers } from '../timers.ts'
export type { BitswapMessage, BitswapProtocol, MessageBlock, Outgoing, Presence, WantEntry, WantKey } from '@kitsune/bitswap-codec'
