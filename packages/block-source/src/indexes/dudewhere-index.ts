import { LRUCache } from 'lru-cache'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError } from '../errors.ts'
import { IndexCache } from './index-cache.ts'
import { Listings } from './listings.ts'
import { locateEach } from './locate-each.ts'
import { SeparateIndexes } from './separate-indexes.ts'
import { Sessions } from './sessions.ts'
import type { IndexReadInit, Lookup } from './index-cache.ts'
import type { SeparateIndexInit } from './separate-indexes.ts'
import type { SessionsInit } from './sessions.ts'
import type { BlockIndex, Located, Location } from '../block-index.ts'
import type { SourceOptions } from '../block-source.ts'
import type { ObjectStore } from '../object-store.ts'

/** How DUDEWHERE and SATNAV are read. */
export interface DudewhereIndexInit extends IndexReadInit, SeparateIndexInit, SessionsInit {
  /** `<root CIDv1>/<CAR CID>`: which CARs belong to a root. It must be able to list. */
  readonly dudewhere: ObjectStore
  /** `<CAR CID>/<CAR CID>.car.idx`: the index of each CAR. */
  readonly satnav: ObjectStore
  /**
   * The codecs that a root may have: DUDEWHERE is asked for one after another
   * until there are CARs, since an index is only told the multihash. Each is a
   * list request. Default: dag-pb, dag-cbor, raw
   */
  readonly codecs?: readonly number[]
  /**
   * How many unknown blocks of one lookup are looked for in DUDEWHERE, where each takes a list
   * request for every codec; the others are not found. A session, whose lookups may be of one
   * block each, may look for that many at once, and for one more each second. Default: all
   */
  readonly maxListed?: number
  /** The most CARs of one root. Default 100 */
  readonly maxCars?: number
  /** In how many CARs a block must be found before no further ones are asked. Default 2 */
  readonly redundancy?: number
  /** How long it is remembered which CARs a root has, and that it has none, in ms. Default 60,000 */
  readonly rootTtl?: number
}

/**
 * The layout of Hoverboard and Elastic IPFS: DUDEWHERE says which CARs a root has, and SATNAV
 * says where in a CAR each block is.
 *
 * Only roots can be found that way. So the index remembers the CARs of the roots that a client has asked for, by the `session` of the
 * lookup, and looks for the client's further blocks in those CARs first. A block that is not a root, and in none of these CARs, is not
 * found, although some CAR may have it: the index is never complete.
 *
 * A SATNAV index that is missing or malformed is an error only if no other CAR
 * of the root has the block.
 *
 * @throws {InvalidOptionError} if `dudewhere` cannot list
 */
export function dudewhereIndex (init: DudewhereIndexInit): BlockIndex {
  return new DudewhereIndex(init)
}

class DudewhereIndex implements BlockIndex {
  readonly complete = false
  readonly #init: DudewhereIndexInit
  readonly #cache: IndexCache
  readonly #indexes: SeparateIndexes
  /** The names of the CARs of a root. */
  readonly #roots: LRUCache<string, readonly string[]>
  readonly #sessions: Sessions
  readonly #listings: Listings

  constructor (init: DudewhereIndexInit) {
    if (init.dudewhere.list == null) {
      throw new InvalidOptionError('dudewhere must be a store that can list')
    }

    const perf = init.now == null ? undefined : { now: init.now }
    this.#init = init
    this.#cache = new IndexCache(init.satnav, init)
    this.#indexes = new SeparateIndexes(this.#cache, { ...init, check: false })
    this.#roots = new LRUCache({ maxSize: DEFAULTS.roots, sizeCalculation: cars => 1 + cars.length, ttl: init.rootTtl ?? DEFAULTS.rootTtl, ttlResolution: 0, ...(perf == null ? {} : { perf }) })
    this.#sessions = new Sessions(init, init.maxCars ?? DEFAULTS.carsOfRoot)
    this.#listings = new Listings(init)
  }

  async locate (multihashes: readonly Uint8Array[], options: SourceOptions = {}): Promise<readonly Located[]> {
    const mayList = this.#listings.of(options.session)

    return locateEach(multihashes, this.#cache, options, async (multihash, lookup) => this.#locate(multihash, options.session, lookup, mayList))
  }

  async #locate (multihash: Uint8Array, session: string | undefined, lookup: Lookup, mayList: () => boolean): Promise<Location[]> {
    const known = await this.#carsOfSession(session, lookup)
    const found = await this.#search(known.cars, multihash, lookup)

    if (found.locations.length > 0) {
      return found.locations
    }

    const cars = await this.#carsOf(multihash, lookup, mayList)

    if (session != null && cars.length > 0) {
      await this.#sessions.remember(session, cars, lookup)
    }

    const inRoot = await this.#search(cars.filter(car => !known.cars.includes(car)), multihash, lookup)
    const error = found.error ?? inRoot.error ?? known.error

    if (inRoot.locations.length === 0 && error != null) {
      throw error
    }

    return inRoot.locations
  }

  /** The CARs that a client has been reading. If the session cannot be read, a block that is a root may still be found. */
  async #carsOfSession (session: string | undefined, lookup: Lookup): Promise<{ cars: readonly string[], error?: Error }> {
    try {
      return { cars: session == null ? [] : await this.#sessions.carsOf(session, lookup) }
    } catch (err) {
      lookup.signal?.throwIfAborted()

      return { cars: [], error: err instanceof Error ? err : new Error(String(err)) }
    }
  }

  /** Looks for a block in one CAR after another, until enough have it. */
  async #search (cars: readonly string[], multihash: Uint8Array, lookup: Lookup): Promise<{ locations: Location[], error?: Error }> {
    const locations: Location[] = []
    let left = this.#init.redundancy ?? DEFAULTS.redundancy
    let error: Error | undefined

    for (const car of cars) {
      if (left === 0) {
        break
      }

      try {
        const some = await this.#indexes.locate(`${car}.idx`, car, multihash, lookup)
        locations.push(...some)
        left -= some.length > 0 ? 1 : 0
      } catch (err) {
        lookup.signal?.throwIfAborted()
        error ??= err instanceof Error ? err : new Error(String(err))
      }
    }

    return { locations: locations.slice(0, this.#cache.maxLocations), error }
  }

  async #carsOf (multihash: Uint8Array, lookup: Lookup, mayList: () => boolean): Promise<readonly string[]> {
    const digest = parse(multihash)
    let counted = false

    if (digest == null) {
      return []
    }

    for (const codec of this.#init.codecs ?? DEFAULTS.rootCodecs) {
      const root = CID.createV1(codec, digest).toString()
      const known = this.#roots.get(root)

      if (known == null && !counted) {
        if (!mayList()) {
          return []
        }

        counted = true
      }

      const cars = known ?? await lookup.reads.run(`list\0${root}`, async () => this.#list(root, lookup.signal), lookup.signal)

      if (cars.length > 0) {
        return cars
      }
    }

    return []
  }

  async #list (root: string, signal?: AbortSignal): Promise<readonly string[]> {
    const cars: string[] = []

    for await (const name of this.#init.dudewhere.list?.(`${root}/`, { signal }) ?? []) {
      const car = name.slice(root.length + 1)

      if (isCid(car)) {
        cars.push(`${car}/${car}.car`)
      }

      if (cars.length === (this.#init.maxCars ?? DEFAULTS.carsOfRoot)) {
        break
      }
    }

    this.#roots.set(root, cars)

    return cars
  }
}

function parse (multihash: Uint8Array): ReturnType<typeof decode> | undefined {
  try {
    return decode(multihash)
  } catch {
    return undefined
  }
}

function isCid (text: string): boolean {
  try {
    CID.parse(text)

    return true
  } catch {
    return false
  }
}
