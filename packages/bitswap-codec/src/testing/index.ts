/**
 * @packageDocumentation
 *
 * What the testing kits of the other packages share: laws as tests, for any test
 * runner. It imports no runner, and nothing of the codec.
 */
export * from './errors.ts'
export { runTests, skipReason } from './runner.ts'
export type { LawChoice, LawTest, TestRunner } from './runner.ts'
