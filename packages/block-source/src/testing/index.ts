/**
 * @packageDocumentation
 *
 * The laws of stores, indexes and sources of blocks, as tests for any runner, and tools
 * that inject faults.
 */
export { blockSourceLaws, blockSourceTests } from './block-source-tests.ts'
export { LawBrokenError, NoTestRunnerError } from '@kitsune/bitswap-codec/testing'
export type { LawChoice, LawTest, TestRunner } from '@kitsune/bitswap-codec/testing'
export type { BlockSourceLaw } from './block-source-laws.ts'
export type { BlockSourceTestsInit } from './block-source-tests.ts'
export { objectStoreLaws, objectStoreTests } from './object-store-tests.ts'
export type { HttpLaw } from './http-laws.ts'
export type { StoreLaw } from './object-store-laws.ts'
export type { ObjectStoreLaw, ObjectStoreTestsInit } from './object-store-tests.ts'
export { faultStore } from './fault-store.ts'
export type { FaultStore, StoreCall, StoreFault } from './fault-store.ts'
export { testMultihash } from './test-multihash.ts'
export { blockIndexLaws, blockIndexTests } from './block-index-tests.ts'
export type { BlockIndexLaw } from './block-index-laws.ts'
export type { BlockIndexTestsInit, MakeIndex } from './block-index-tests.ts'
export type { BlockIndexSubject, BlockSourceSubject, ObjectStoreSubject } from './subjects.ts'
