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
