import { carV2Index, dudewhereIndex, dynamoIndex, mapIndex, mergedIndex, multiIndex, remoteIndex, scanIndex, shardedDagIndex, sortedIndex } from '@kitsune/block-source'
import type { BlockIndex, DynamoIndexInit, ListingStore } from '@kitsune/block-source'

/** What indexes are opened with, besides the store. It can be sent to a Worker. */
export interface Opening {
  /** The names of the CARs. */
  readonly cars: readonly string[]
  /** The URL of the index service. */
  readonly service: string
  readonly table: DynamoIndexInit
}

type OpenIndex = (store: ListingStore, opening: Opening) => BlockIndex

const scanned: OpenIndex = (store, { cars }) => mergedIndex(cars.map(name => scanIndex(store, name)))

const wrapped = (code: string): OpenIndex => (store, { cars }) => mergedIndex(cars.map(name => carV2Index(store, `v2-${code}/${name}`)))

const beside = (code: string): OpenIndex => (store, { cars }) => mergedIndex(cars.map(name => sortedIndex(store, `${code}/${name}.idx`, { car: name })))

/** How each index is opened, by its name in the tests. */
export const OPEN = {
  'without an index, scanned': scanned,
  'as CARv2 with 0x0400': wrapped('0x0400'),
  'as CARv2 with 0x0401': wrapped('0x0401'),
  'with 0x0400 beside each': beside('0x0400'),
  'with 0x0401 beside each': beside('0x0401'),
  'with a multi index, 0x0402': store => multiIndex(store, 'multi.idx'),
  'with DUDEWHERE and SATNAV': store => dudewhereIndex({ dudewhere: store, satnav: store }),
  'with a block map': store => mapIndex(store, { complete: true }),
  'with a block map in another process': (_, { service }) => remoteIndex({ url: service }),
  'with a sharded DAG index': store => shardedDagIndex(store, 'sharded.idx'),
  'with rows in DynamoDB, dynalite': (_, { table }) => dynamoIndex(table)
} as const satisfies Record<string, OpenIndex>

export type IndexTitle = keyof typeof OPEN
