/**
 * @packageDocumentation
 *
 * What a test of a strategy or a target needs: fakes, a clock that stands still
 * until it is moved, and the laws that every strategy and every target obeys.
 * Nothing in here imports a test runner or Node.
 */
export { seededRandom } from '../seeded-random.ts'
export * from './errors.ts'
export { fakeClock } from './fake-clock.ts'
export type { FakeClock } from './fake-clock.ts'
export * from './fakes.ts'
export type { LawChoice, LawTest, TestRunner } from './runner.ts'
export { strategyLaws, strategyTests } from './strategy-tests.ts'
export type { StrategyLaw, StrategyTestsInit } from './strategy-tests.ts'
