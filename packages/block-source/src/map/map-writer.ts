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
  /** The prefix of the names of the map's objects. Default `map/` */
  readonly prefix?: string
  /** If there are more shards than this, small ones are merged until there are half as many. Default 16 */
  readonly maxShards?: number
  /** The most rows of a shard, unless a single CAR has more: it is built in memory, with 100 bytes a row. Default 2,097,152 */
  readonly maxShardRows?: number
  /** How often the writer tries to write the root while others change it. Default 20 */
  readonly attempts?: number
  /** The time in ms since 1970, for tests. Default: `Date.now` */
  now?(): number
}

/** Changes a block map. Any number of writers may do so at the same time. */
export interface MapWriter {
  /**
   * Adds CARs that are not in the map yet. Readers find all blocks of a CAR or none. If reading
   * a CAR fails, the CARs before it are added, and neither it nor those after it. The call may
   * be repeated.
   *
   * @returns the names of those that were added
   * @throws {ObjectChangedError} if other writers kept changing the map
   */
  add (cars: Iterable<CarToAdd>): Promise<string[]>
  /** Removes CARs: readers no longer find their blocks, and the next merge of their shards drops their rows. */
  remove (names: Iterable<string>): Promise<void>
  /**
   * Merges all shards, as far as `maxShardRows` allows. In a store that can list, it also
   * removes shards that a writer left behind when it died, once they are a day old.
   */
  compact (): Promise<void>
  /** The names of all CARs in the map. */
  list (): Promise<string[]>
}

interface ReadRoot {
  readonly root: MapRoot
  readonly etag?: string
}

/** Writes a block map; see `format.ts`. If there is no map under the prefix, the first addition creates it. */
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
    // one read, so that no writer can change the root in between; if bytes are missing, the checksum is wrong
    const part = await this.#store.read(name)

    return part == null ? undefined : { root: await decodeRoot(part.bytes, name), etag: part.etag }
  }

  /** Changes the root, unless `change` returns undefined. Calls `change` again if another writer was faster. */
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

        // a writer fails only if another one has succeeded; random delays keep them from colliding again
        await new Promise(resolve => { setTimeout(resolve, Math.random() * 10 * attempt) })
      }
    }
  }

  async #putShard (builder: RowBuilder, cars: readonly number[]): Promise<MapShard> {
    const { bytes, rows } = builder.build(this.#now())
    const shard = await describeShard(bytes, rows, cars)
    // its name is the hash of its content, so a second attempt writes the same object
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
        // the first attempt succeeded although its response was lost, so the second one found a changed root
        return undefined
      }

      const all = [...cars]
      // another writer may have added some of them in the meantime
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

    // read the root after the list, so that it names shards that were added in the meantime
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

        // another writer has changed the root, so the merged shard may be out of date
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
    throw new StoreRefusedError('the store does not report versions, so the root of a map cannot be changed safely')
  }

  return etag
}
