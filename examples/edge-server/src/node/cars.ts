import { stat } from 'node:fs/promises'
import { CarScanner, carSource, createBudget, mapIndex, s3Store } from '@kitsune/block-source'
import { fsStore } from '@kitsune/block-source/fs'
import { counted, S3_COSTS } from '../costs.ts'
import { ConfigError } from '../errors.ts'
import { folderIndex } from './folder-index.ts'
import type { FolderIndex } from './folder-index.ts'
import type { CarLocation } from './options.ts'
import type { Costs } from '../costs.ts'
import type { BlockIndex, BlockSource, ListingStore, ObjectStore } from '@kitsune/block-source'

/** The CARs that the server serves. */
export interface Cars {
  readonly source: BlockSource
  readonly index: BlockIndex
  /** One line for people. */
  readonly summary: string
  /** The root of one of the CARs, for people to try; undefined if none was found. */
  readonly root?: string
}

/** The root of the block map, which `kitsune-index` writes. */
const MAP = 'map/root'

/**
 * Opens a folder or a bucket, and counts the requests to a bucket. It uses the block map that
 * `kitsune-index` has written there, and scans the CARs of a folder without one.
 *
 * @throws {ConfigError} it does not exist, has no CARs, or is a bucket without a block map
 */
export async function openCars (location: CarLocation, costs: Costs): Promise<Cars> {
  return location.kind === 'folder' ? openFolder(location.folder) : openBucket(location, costs)
}

async function openFolder (folder: string): Promise<Cars> {
  const stats = await stat(folder).catch(() => undefined)

  if (stats?.isDirectory() !== true) {
    throw new ConfigError(`${folder} is not a folder: name a folder with CAR files`)
  }

  const store = fsStore({ folder })

  if (await store.stat(MAP) != null) {
    return withMap(store, folder)
  }

  const index = folderIndex(store)
  const names = await index.list()

  if (names.length === 0) {
    throw new ConfigError(`${folder} has no files that end in .car`)
  }

  return { source: carSource({ store, index }), index, summary: `${names.length} ${names.length === 1 ? 'CAR' : 'CARs'} in ${folder}`, root: await firstRoot(store, index) }
}

async function openBucket ({ bucket, endpoint, region, credentials }: Extract<CarLocation, { kind: 's3' }>, costs: Costs): Promise<Cars> {
  const store = s3Store({ bucket, endpoint, region, credentials, budget: counted(createBudget({ limit: Number.MAX_SAFE_INTEGER }), costs, S3_COSTS) })
  const found = await store.stat(MAP).catch(err => { throw new ConfigError(`s3://${bucket} cannot be read: ${(err as Error).message}`) })

  if (found == null) {
    throw new ConfigError(`s3://${bucket} has no block map: add its CARs with \`kitsune-index add *.car --to s3://${bucket}\``)
  }

  return withMap(store, `s3://${bucket}`)
}

function withMap (store: ObjectStore, where: string): Cars {
  const index = mapIndex(store, { complete: true })

  return { source: carSource({ store, index }), index, summary: `the CARs that kitsune-index listed in ${where}` }
}

async function firstRoot (store: ListingStore, index: FolderIndex): Promise<string | undefined> {
  for (const name of await index.list()) {
    const scanner = new CarScanner(store, name)

    try {
      await scanner.step()
    } catch {
      continue // wants for its blocks will report the error
    }

    const [root] = scanner.header?.roots ?? []

    if (root != null) {
      return root.toString()
    }
  }
}
