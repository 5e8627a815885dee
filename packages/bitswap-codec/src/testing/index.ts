/**
 * @packageDocumentation
 *
 * The code that the testing kits of the other packages share: it runs laws as tests with any
 * test runner. It imports no runner, and nothing of the codec.
 */
export * from './errors.ts'
export { runTests, skipReason } from './runner.ts'
export type { LawChoice, LawTest, TestRunner } from './runner.ts'
