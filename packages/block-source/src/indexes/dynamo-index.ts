import { base32 } from 'multiformats/bases/base32'
import { base58btc } from 'multiformats/bases/base58'
import { DEFAULTS } from '../defaults.ts'
import { StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { carName } from './car-names.ts'
import { createDynamoQuery, describeQuery } from './dynamo-query.ts'
import { locateEach } from './locate-each.ts'
import { parseMultihash } from './multihash.ts'
import { SharedReads } from './shared-reads.ts'
import type { DynamoTableInit } from './dynamo-query.ts'
import type { BlockIndex, Location } from '../block-index.ts'

/** Options of {@link dynamoIndex}. */
export interface DynamoIndexInit extends DynamoTableInit {
  /**
   * The name of an object, by the `carpath` of a row; undefined if it has none
   * in the store of the source. Default: {@link carparkPath}
   */
  carPath? (carpath: string): string | undefined
  /** Whether every block has a row, so that a miss is certain. Default false */
  readonly complete?: boolean
  /** How many multihashes are looked up at a time. Default 6 */
  readonly concurrency?: number
  /** The most locations of a block: popular ones have very many rows. Default 10 */
  readonly maxLocations?: number
}

/** DynamoDB may return any number of pages, even empty ones. A lookup that takes more than these fails. */
const MAX_PAGES = 100

/** Longer multihashes have no rows, since a key has at most 2,048 bytes. */
const MAX_MULTIHASH = 1_490

/**
 * Looks up blocks in the table of Elastic IPFS, which says which CARs contain a block, and where. A lookup is one query.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function dynamoIndex (init: DynamoIndexInit): BlockIndex {
  const { carPath = carparkPath, complete = false, concurrency = DEFAULTS.indexReads, maxLocations = DEFAULTS.maxLocations } = init
  const query = createDynamoQuery(init)

  async function locate (multihash: Uint8Array, signal?: AbortSignal): Promise<Location[]> {
    if (multihash.byteLength > MAX_MULTIHASH || parseMultihash(multihash) == null) {
      return []
    }

    const key = base58btc.encode(multihash)
    const locations: Location[] = []
    let unnamed: string | undefined
    let start: unknown

    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const { rows, next } = await query(key, { limit: maxLocations, start, signal })

      for (const { carpath, offset, length } of rows) {
        const object = carPath(carpath)

        if (object == null) {
          unnamed = carpath
        } else {
          locations.push({ object, offset, length, at: 'block' })
        }
      }

      if (next == null || locations.length >= maxLocations) {
        if (locations.length === 0 && unnamed != null) {
          throw new StoreRefusedError(`${key} is in ${unnamed}, which has no name in the store`)
        }

        return locations.slice(0, maxLocations)
      }

      start = next
    }

    throw new StoreUnavailableError(`${describeQuery(init.table, key)}: not complete after ${MAX_PAGES} pages`)
  }

  return {
    complete,
    locate: async (multihashes, options = {}) => {
      return locateEach(multihashes, { concurrency, lookupReads: () => new SharedReads() }, options, async (multihash, { signal }) => locate(multihash, signal))
    }
  }
}

/**
 * The name in CARPARK of a CAR that Elastic IPFS has indexed: of a path that ends
 * with `<multihash in base32>.car`, of one that ends with `<CID>/<CID>.car`, or of
 * a URL of a `.blob`. Of others, such as `…/complete/<root>.car`, it is unknown.
 */
export function carparkPath (carpath: string): string | undefined {
  const [, blob] = /^https?:\/\/[^/]+\/((?:.*\/)?[^/]+\/[^/]+\.(?:blob|car))$/.exec(carpath) ?? []
  const [, folder, name] = /(?:^|\/)([^/]+)\/([^/]+)\.car$/.exec(carpath) ?? []

  if (blob != null) {
    return blob
  }

  if (folder === name && name?.startsWith('bag') === true) {
    return `${name}/${name}.car`
  }

  try {
    return name?.startsWith('ciq') === true ? carName(base32.baseDecode(name)) : undefined
  } catch {
    return undefined
  }
}
