import { base58btc } from 'multiformats/bases/base58'
import { ObjectChangedError, ObjectMissingError } from '../errors.ts'
import { carparkNames } from './car-names.ts'
import { IndexCache } from './index-cache.ts'
import { locateEach } from './locate-each.ts'
import { parseMultihash } from './multihash.ts'
import { openIndex } from './opened-index.ts'
import { PagedFile } from './paged-file.ts'
import { SeparateIndexes } from './separate-indexes.ts'
import { readFileVarint } from './sorted-format.ts'
import type { CarNames } from './car-names.ts'
import type { IndexReadInit, Lookup } from './index-cache.ts'
import type { OpenedIndex } from './opened-index.ts'
import type { SeparateIndexInit } from './separate-indexes.ts'
import type { BlockIndex, Location } from '../block-index.ts'
import type { ObjectStore } from '../object-store.ts'

/** Options for reading a multi index. */
export interface MultiIndexInit extends IndexReadInit, SeparateIndexInit {
  /** The names of the CARs. Default: {@link carparkNames} */
  readonly carNames?: CarNames
  /**
   * Whether the index is known to contain all blocks of its CARs, so that a miss is
   * certain. `true` also reads the whole index once, to check that its rows are in order.
   * Default false
   */
  readonly complete?: boolean
}

/** The codec of a multi index. */
const MULTI_INDEX = 0x0402

/** The most CARs in one index. */
const MAX_CARS = 4096

/** The longest multihash of a CAR. */
const MAX_MULTIHASH = 128

interface OpenedCar {
  readonly multihash: Uint8Array
  readonly index: OpenedIndex
  /** The possible names: all of them until one is known to exist. */
  names: readonly string[]
}

interface OpenedMultiIndex {
  readonly cars: readonly OpenedCar[]
  readonly length: number
}

/**
 * Reads the index 0x0402, which contains the indexes of many CARs one after another:
 *
 * ```
 * varint 0x0402, varint count, count × { multihash of a CAR, index 0x0400 or 0x0401 }
 * ```
 *
 * Opening it reads the heads of all indexes in it, so it suits few or short ones.
 *
 * @param store - where the index is
 * @param object - the name of the index; or a function that returns the name of the index
 * in which to look up a multihash. That index need not exist.
 * @param init - options
 */
export function multiIndex (store: ObjectStore, object: string | ((multihash: Uint8Array) => string), init: MultiIndexInit = {}): BlockIndex {
  const cache = new IndexCache(store, init)
  const complete = init.complete ?? false
  const indexes = new SeparateIndexes(cache, { ...init, check: complete })
  const carNames = init.carNames ?? carparkNames

  return {
    complete,
    locate: async (multihashes, options = {}) => locateEach(multihashes, cache, options, async (multihash, lookup) => {
      return typeof object === 'string'
        ? locate(object, multihash, lookup)
        : locate(object(multihash), multihash, lookup).catch(noneIfMissing)
    })
  }

  async function locate (name: string, multihash: Uint8Array, lookup: Lookup): Promise<Location[]> {
    const opened = await openMultiIndex(cache, carNames, name, complete, lookup)
    const locations: Location[] = []

    try {
      for (const car of opened.cars) {
        locations.push(...await locateInFirst(indexes, car, init.offsets !== 'object', multihash, lookup))

        if (locations.length >= cache.maxLocations) {
          break
        }
      }
    } catch (err) {
      if (err instanceof ObjectChangedError) {
        cache.forget(name)
      }

      throw err
    }

    return locations.slice(0, cache.maxLocations)
  }
}

/**
 * The name that freeway used for the multi index of a block and its links: `<multihash in
 * base58btc>/.idx`. Pass it to {@link multiIndex}.
 */
export function blockIndexName (multihash: Uint8Array): string {
  return `${base58btc.encode(multihash)}/.idx`
}

class IndexMissingError extends ObjectMissingError {}

function noneIfMissing (err: unknown): Location[] {
  if (err instanceof IndexMissingError) {
    return []
  }

  throw err
}

/**
 * Looks up a block in a CAR that may have one of several names. If the lookup reads the
 * CAR's head, it learns the name; otherwise it returns locations under all names.
 */
async function locateInFirst (indexes: SeparateIndexes, car: OpenedCar, headIsRead: boolean, multihash: Uint8Array, lookup: Lookup): Promise<Location[]> {
  const locations: Location[] = []
  let missing: ObjectMissingError | undefined

  for (const name of car.names) {
    try {
      const some = await indexes.locateIn(car.index, name, multihash, lookup)
      locations.push(...some)

      if (some.length === 0) {
        // the block is not in this CAR under any of its names
        return []
      }

      if (headIsRead) {
        car.names = [name]

        return locations
      }
    } catch (err) {
      if (!(err instanceof ObjectMissingError)) {
        throw err
      }

      missing = err
    }
  }

  if (locations.length === 0 && missing != null) {
    throw missing
  }

  return locations
}

async function openMultiIndex (cache: IndexCache, carNames: CarNames, name: string, check: boolean, lookup: Lookup): Promise<OpenedMultiIndex> {
  return cache.open(name, lookup, async () => {
    const file = await PagedFile.open(cache, name, lookup).catch(err => {
      throw err instanceof ObjectMissingError ? new IndexMissingError(err.message) : err
    })

    if (file.end <= cache.wholeLength) {
      await file.read(0, file.end, lookup)
    }

    const cars = await readCars(cache, carNames, file, check, lookup)

    return { cars, length: 500 + cars.reduce((sum, { index }) => sum + 200 + index.length, 0) }
  })
}

async function readCars (cache: IndexCache, carNames: CarNames, file: PagedFile, check: boolean, lookup: Lookup): Promise<OpenedCar[]> {
  const codec = await readFileVarint(file, 0, 'the codec of the index', lookup)

  if (codec.value !== MULTI_INDEX) {
    throw file.malformed(`the codec of the index is 0x${codec.value.toString(16)}, not 0x402`, 0)
  }

  const count = await readFileVarint(file, codec.end, 'the number of CARs', lookup)

  // each takes at least a multihash of 2 bytes, a codec of 2 and a count of 4
  if (count.value > MAX_CARS || count.value * 8 > file.end - count.end) {
    throw file.malformed(`${count.value} CARs, in an object that ends at ${file.end}`, codec.end)
  }

  const cars: OpenedCar[] = []
  let at = count.end

  for (let i = 0; i < count.value; i++) {
    const multihash = await readMultihash(file, at, lookup)
    const index = await openIndex(cache, file, { offset: at + multihash.length, check }, lookup)
    cars.push({ multihash, index, names: carNames(multihash) })
    at = index.end
  }

  return cars
}

async function readMultihash (file: PagedFile, at: number, lookup: Lookup): Promise<Uint8Array> {
  const code = await readFileVarint(file, at, 'the hash function of a CAR', lookup)
  const length = await readFileVarint(file, code.end, 'the length of a digest of a CAR', lookup)

  if (length.end + length.value - at > MAX_MULTIHASH) {
    throw file.malformed(`a CAR with a digest of ${length.value} bytes`, at)
  }

  const multihash = (await file.read(at, length.end + length.value - at, lookup)).slice()

  if (parseMultihash(multihash) == null) {
    throw file.malformed('the multihash of a CAR is malformed', at)
  }

  return multihash
}
