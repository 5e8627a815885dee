import { DEFAULTS } from '../defaults.ts'
import { ObjectChangedError, ObjectMissingError, StoreRefusedError, StoreUnavailableError } from '../errors.ts'
import { collectRows, createBatch } from './batch.ts'
import { SHARD_HEAD, rootName, shardName } from './format.ts'
import { mergeRows, smallestShards } from './merge.ts'
import { decodeRoot, describeShard, encodeRoot } from './root.ts'
import { madeAt } from './rows.ts'
import type { Batch, CarToAdd } from './batch.ts'
import type { MapStore } from './map-store.ts'
import type { MapRoot, MapShard } from './root.ts'
import type { RowBuilder } from './rows.ts'

/** How a map is written. */
export interface MapWriterInit {
  /** What the names of its objects begin with. Default `map/` */
  readonly prefix?: string
  /** With more shards than these, small ones are merged until there are half as many. Default 16 */
  readonly maxShards?: number
  /** A shard gets no more rows than these, but for those of one CAR, since it is made in memory: 100 bytes a row. Default 2,097,152 */
  readonly maxShardRows?: number
  /** How often the writer tries to write the root while others change it. Default 20 */
  readonly attempts?: number
  /** The time in ms since 1970, for tests. Default: `Date.now` */
  now?(): number
}

/** Changes a block map. Any number of writers may do so at the same time. */
export interface MapWriter {
  /**
   * Adds CARs; those that are in the map already are left alone. The blocks of a
   * CAR are in the map together, or not at all: a CAR that fails is left out, with all
   * CARs after it. The call may be repeated.
   *
   * @returns the names of those that were added
   * @throws {ObjectChangedError} if others changed the map again and again
   */
  add (cars: Iterable<CarToAdd>): Promise<string[]>
  /** Removes CARs: they are found no more, and their rows are left out when shards are merged. */
  remove (names: Iterable<string>): Promise<void>
  /**
   * Merges all shards, as far as `maxShardRows` allows. In a store that can list, it
   * also removes shards that writers which died have left behind, a day after they did.
   */
  compact (): Promise<void>
  /** The names of all CARs in the map. */
  list (): Promise<string[]>
}

interface ReadRoot {
  readonly root: MapRoot
  readonly etag?: string
}

/** Writes a block map; see `format.ts`. Without a map under the prefix, the first addition makes one. */
export function createMapWriter (store: MapStore, init: MapWriterInit = {}): MapWriter {
  return new BlockMapWriter(store, init)
}

class BlockMapWriter implements MapWriter {
  readonly #store: MapStore
  readonly #prefix: string
  readonly #maxShards: number
  readonly #maxShardRows: number
  readonly #attempts: number
  readonly #now: () => number

  constructor (store: MapStore, init: MapWriterInit) {
    this.#store = store
    this.#prefix = init.prefix ?? DEFAULTS.mapPrefix
    this.#maxShards = init.maxShards ?? DEFAULTS.mapShards
    this.#maxShardRows = init.maxShardRows ?? DEFAULTS.mapShardRows
    this.#attempts = init.attempts ?? DEFAULTS.mapAttempts
    this.#now = init.now ?? Date.now
  }

  async add (cars: Iterable<CarToAdd>): Promise<string[]> {
    const listed = new Set(await this.list())
    const added: string[] = []
    let batch = createBatch()

    const flush = async (): Promise<void> => {
      await this.#commit(batch)
      added.push(...batch.names)
      batch = createBatch()
    }

    try {
      for (const car of cars) {
        if (!listed.has(car.name)) {
          await collectRows(batch, car)
          listed.add(car.name)
        }

        if (batch.builder.count >= this.#maxShardRows) {
          await flush()
        }
      }
    } finally {
      await flush()
    }

    if (added.length > 0 && ((await this.#readRoot())?.root.shards.length ?? 0) > this.#maxShards) {
      await this.#mergeTo(Math.ceil(this.#maxShards / 2))
    }

    return added
  }

  async remove (names: Iterable<string>): Promise<void> {
    const removed = new Set(names)

    await this.#update(({ cars, shards }) => {
      return cars.some(car => removed.has(car.name) && !car.removed)
        ? { cars: cars.map(car => removed.has(car.name) ? { ...car, removed: true } : car), shards }
        : undefined
    })
  }

  async compact (): Promise<void> {
    await this.#mergeTo(1)
    await this.#sweep()
  }

  async list (): Promise<string[]> {
    return ((await this.#readRoot())?.root.cars ?? []).filter(({ removed }) => !removed).map(({ name }) => name)
  }

  async #readRoot (): Promise<ReadRoot | undefined> {
    const name = rootName(this.#prefix)
    // in one read, so that no writer changes it in between; if bytes are missing the checksum is wrong
    const part = await this.#store.read(name)

    return part == null ? undefined : { root: await decodeRoot(part.bytes, name), etag: part.etag }
  }

  /** Changes the root. What `change` returns undefined for stays as it is; it is called again if others were faster. */
  async #update (change: (root: MapRoot) => Promise<MapRoot | undefined> | MapRoot | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const before = await this.#readRoot()
        const after = await change(before?.root ?? { cars: [], shards: [] })

        if (after != null) {
          await this.#store.put(rootName(this.#prefix), await encodeRoot(after), before == null ? { ifAbsent: true } : { ifMatch: versionOf(before) })
        }

        return
      } catch (err) {
        if (!(err instanceof ObjectChangedError) || attempt === this.#attempts) {
          throw err
        }

        // each writer that fails has let another one succeed; chance keeps them apart
        await new Promise(resolve => { setTimeout(resolve, Math.random() * 10 * attempt) })
      }
    }
  }

  async #putShard (builder: RowBuilder, cars: readonly number[]): Promise<MapShard> {
    const { bytes, rows } = builder.build(this.#now())
    const shard = await describeShard(bytes, rows, cars)
    // its name is of what is in it, so that a second attempt is the same write
    await this.#store.put(shardName(this.#prefix, shard.id), bytes)

    return shard
  }

  async #commit ({ builder, names }: Batch): Promise<void> {
    if (builder.count === 0) {
      return
    }

    const made = this.#now()
    const shard = await this.#putShard(builder, [])

    await this.#update(({ cars, shards }) => {
      if (this.#now() - made > DEFAULTS.mapShardGrace / 2) {
        throw new StoreUnavailableError(`the shard ${shard.id} may have been removed, since the root could not be changed for hours`)
      }

      if (shards.some(({ id }) => id === shard.id)) {
        // the store wrote the root, and then said that it had changed: by the writer's own second attempt
        return undefined
      }

      const all = [...cars]
      // another writer may have added some of them meanwhile
      const known = new Map(cars.flatMap((car, place) => car.removed ? [] : [[car.name, place] as const]))
      const places = names.map(name => known.get(name) ?? all.push({ name, removed: false }) - 1)

      return { cars: all, shards: [...shards, { ...shard, cars: places }] }
    })
  }

  /** Removes shards that no root lists. A writer lists its shard soon after it has written it, or never. */
  async #sweep (): Promise<void> {
    const names: string[] = []

    for await (const name of this.#store.list?.(this.#prefix) ?? []) {
      if (name.endsWith('.rows')) {
        names.push(name)
      }
    }

    // read behind the list, so that what was listed meanwhile is known
    const listed = new Set((await this.#readRoot())?.root.shards.map(({ id }) => shardName(this.#prefix, id)))

    for (const name of names.filter(name => !listed.has(name))) {
      const made = madeAt((await this.#store.read(name, { length: SHARD_HEAD }))?.bytes ?? new Uint8Array())

      if (made != null && this.#now() - made > DEFAULTS.mapShardGrace) {
        await this.#store.remove(name)
      }
    }
  }

  /** Merges shards into one, without the rows of CARs that were removed. */
  async #merge (root: MapRoot, shards: readonly MapShard[]): Promise<MapShard | undefined> {
    const { builder, cars } = await mergeRows(this.#store, this.#prefix, root, shards)

    return builder.count === 0 ? undefined : this.#putShard(builder, cars)
  }

  /** Merges the smallest shards, until there are no more than `most`. */
  async #mergeTo (most: number): Promise<void> {
    let replaced: readonly MapShard[] = []
    let written: MapShard | undefined

    await this.#update(async root => {
      const id = written?.id

      if (id != null) {
        if (root.shards.some(shard => shard.id === id)) {
          return undefined
        }

        // others were faster: what was merged may not be what there is
        await this.#store.remove(shardName(this.#prefix, id))
      }

      written = undefined
      replaced = smallestShards(root, most, this.#maxShardRows)

      if (replaced.length === 0) {
        return undefined
      }

      written = await this.#merge(root, replaced).catch(changedIfMissing)
      const kept = root.shards.filter(shard => !replaced.includes(shard))

      return { cars: root.cars, shards: written == null ? kept : [written, ...kept] }
    })

    // readers of an older root see that a shard is missing, and read the new one
    for (const { id } of replaced) {
      await this.#store.remove(shardName(this.#prefix, id))
    }
  }
}

/** A shard of a root that was just read can only be missing if there is a newer root. */
function changedIfMissing (err: unknown): never {
  throw err instanceof ObjectMissingError ? new ObjectChangedError(err.message) : err
}

function versionOf ({ etag }: ReadRoot): string {
  if (etag == null) {
    throw new StoreRefusedError('the store does not tell versions, so that the root of a map cannot be changed safely')
  }

  return etag
}
