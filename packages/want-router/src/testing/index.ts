/**
 * @packageDocumentation
 *
 * What tests of strategies and targets need: fakes, a clock that stands still until it
 * is moved, and the laws of all strategies and all targets. Nothing in here imports a
 * test runner or Node.
 */
export { seededRandom } from '../seeded-random.ts'
export { LawBrokenError, NoTestRunnerError } from '@kitsune/bitswap-codec/testing'
export { fakeClock } from './fake-clock.ts'
export type { FakeClock } from './fake-clock.ts'
export * from './fakes.ts'
export type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'
export { strategyLaws, strategyTests } from './strategy-tests.ts'
export type { StrategyLaw, StrategyTestsInit } from './strategy-tests.ts'
export { fakeBlock, fakeBlocks, fakeTargetWant } from './fake-block.ts'
export type { FakeBlock } from './fake-block.ts'
export { fakeTarget } from './fake-target.ts'
export type { FakeAnswer, FakeReply, FakeTarget, FakeTargetInit } from './fake-target.ts'
export type { TargetSubject } from './target-laws/bench.ts'
export { targetLaws, targetTests } from './target-tests.ts'
export type { TargetLaw, TargetTestsInit } from './target-tests.ts'
