/**
 * @packageDocumentation
 *
 * IPFS blocks straight from where they lie: CAR files in object storage or on a
 * disk, kubo, gateways. A {@link BlockSource} gives blocks; a source of CAR files
 * asks a {@link BlockIndex} where a block is, and an {@link ObjectStore} for those
 * bytes. Everything here runs in Node.js, in Workers and in browsers; what needs
 * Node.js has an entry point of its own.
 */
export type { Block, BlockSource, GetManyResult, SourceOptions } from './block-source.ts'
export type { BlockIndex, Located, Location } from './block-index.ts'
export type { ObjectInfo, ObjectPart, ObjectStore, ReadOptions } from './object-store.ts'
export * from './errors.ts'
export { createBudget } from './budget.ts'
export type { Budget, BudgetInit, RequestKind } from './budget.ts'
export { DEFAULTS } from './defaults.ts'
export type { Fetch, HttpOptions } from './http/client.ts'
export type { ForbiddenOptions, HttpObjectStore } from './http/object-store.ts'
export type { RetryOptions } from './retry.ts'
export { httpStore } from './stores/http.ts'
export type { HttpStoreInit } from './stores/http.ts'
export { memoryStore } from './stores/memory.ts'
export type { MemoryStoreInit } from './stores/memory.ts'
export { r2Store } from './stores/r2.ts'
export type { R2BucketLike, R2ObjectLike, R2StoreInit } from './stores/r2.ts'
export type { StoreLimits } from './stores/request.ts'
export { s3Store } from './stores/s3.ts'
export type { S3Credentials, S3Store, S3StoreInit } from './stores/s3.ts'
export { parseSection } from './car/section.ts'
export type { Section, SectionContext } from './car/section.ts'
export { CarScanner, scanCar } from './car/scanner.ts'
export type { CarHeader } from './car/header.ts'
export type { CarLayout } from './car/layout.ts'
export type { ScanInit } from './car/scanner.ts'
export { scanIndex } from './indexes/scan-index.ts'
export type { ScanIndexInit } from './indexes/scan-index.ts'
export { blobName, carName, carparkNames } from './indexes/car-names.ts'
export type { CarNames } from './indexes/car-names.ts'
export { carV2Index } from './indexes/car-v2-index.ts'
export type { CarV2IndexInit } from './indexes/car-v2-index.ts'
export { dudewhereIndex } from './indexes/dudewhere-index.ts'
export type { DudewhereIndexInit } from './indexes/dudewhere-index.ts'
export type { IndexReadInit } from './indexes/index-cache.ts'
export { mergedIndex } from './indexes/merged-index.ts'
export { blockIndexName, multiIndex } from './indexes/multi-index.ts'
export type { MultiIndexInit } from './indexes/multi-index.ts'
export type { OffsetDialect, SeparateIndexInit } from './indexes/separate-indexes.ts'
export { sortedIndex } from './indexes/sorted-index.ts'
export type { SortedIndexInit } from './indexes/sorted-index.ts'
