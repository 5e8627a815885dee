import { CarScanner, scanCar } from '../car/scanner.ts'
import { MalformedCarError, ObjectMissingError } from '../errors.ts'
import { createMapWriter } from '../map/map-writer.ts'
import type { PreparedCar } from './prepare-car.ts'
import type { UploadStore } from '../map/map-store.ts'
import type { MapWriter } from '../map/map-writer.ts'
import type { CID } from 'multiformats/cid'

/** Names of the objects that belong to a CAR `<cid>/<cid>.car`. */
export interface CarObjects {
  readonly cid: string
  readonly car: string
  /** Its index, as SATNAV names it. */
  readonly index: string
  /** An empty object whose name says that the root is in the CAR, as DUDEWHERE has it. */
  root (root: CID): string
}

/** The objects of a CAR, given its name. */
export function carObjects (car: string): CarObjects {
  const cid = car.split('/')[0]

  return { cid, car, index: `${car}.idx`, root: root => `${root.toV1()}/${cid}` }
}

interface UploadInit {
  readonly signal?: AbortSignal
  progress? (bytes: number): void
}

/**
 * CARs in a store, with the indexes of their blocks. A CAR in the block map is
 * complete: it is listed last, and taken off the list first.
 *
 * Any number of processes may add and remove CARs at the same time. A process that
 * adds a CAR checks, once the CAR is listed, that no other has removed its objects in
 * the meantime; a process that removes a CAR begins again if it was listed again.
 */
export class CarLibrary {
  readonly store: UploadStore
  readonly #map: MapWriter

  constructor (store: UploadStore) {
    this.store = store
    this.#map = createMapWriter(store)
  }

  /** The names of all CARs. */
  async list (): Promise<string[]> {
    return this.#map.list()
  }

  /** Writes the objects of a CAR, those that others refer to first: so a reader never finds a reference to a missing object. */
  async upload ({ store, object, name, size, etag, roots, index }: PreparedCar, { signal, progress }: UploadInit = {}): Promise<void> {
    const objects = carObjects(name)

    if ((await this.store.stat(name, { signal }))?.size !== size) {
      await this.store.upload(name, { store, object, size, etag }, { signal, progress })
    }

    await this.store.put(objects.index, index, { signal })

    for (const root of roots) {
      await this.store.put(objects.root(root), new Uint8Array(), { signal })
    }
  }

  /**
   * Adds CARs that were uploaded to the block map: from now on readers find their blocks.
   *
   * @returns the errors of the CARs that could not be added, by name
   */
  async publish (cars: readonly PreparedCar[], init: UploadInit = {}): Promise<Map<string, Error>> {
    const failures = new Map<string, Error>()
    const toAdd = cars.map(({ store, object, name }) => ({ name, blocks: () => scanCar(store, object, { signal: init.signal }) }))

    // add all of them with one change of the map; if one of them fails, add each by itself
    await this.#map.add(toAdd).catch(async () => {
      for (const car of toAdd) {
        await this.#map.add([car]).catch((err: unknown) => {
          init.signal?.throwIfAborted()
          failures.set(car.name, err instanceof Error ? err : new Error(String(err)))
        })
      }
    })

    for (const car of cars) {
      if (!failures.has(car.name) && !await this.#isWhole(car)) {
        await this.upload(car, init)
      }
    }

    return failures
  }

  /** Removes a CAR and all that belongs to it. */
  async remove (car: string, signal?: AbortSignal): Promise<void> {
    const objects = carObjects(car)

    do {
      await this.#map.remove([car])

      for (const entry of await this.#rootEntries(car, signal)) {
        await this.store.remove(entry)
      }

      await this.store.remove(objects.index)
      await this.store.remove(car)
      // another process may have added it again in the meantime, when its objects still existed
    } while ((await this.list()).includes(car))
  }

  /** Merges the shards of the map. */
  async compact (): Promise<void> {
    await this.#map.compact()
  }

  async #isWhole ({ name, roots }: PreparedCar): Promise<boolean> {
    const objects = carObjects(name)

    for (const object of [name, objects.index, ...roots.map(root => objects.root(root))]) {
      if (await this.store.stat(object) == null) {
        return false
      }
    }

    return true
  }

  /** The names of the objects that lead from a root to the CAR. */
  async #rootEntries (car: string, signal?: AbortSignal): Promise<string[]> {
    const objects = carObjects(car)

    try {
      const scanner = new CarScanner(this.store, car)
      await scanner.step(signal)

      return (scanner.header?.roots ?? []).map(root => objects.root(root))
    } catch (err) {
      if (!(err instanceof ObjectMissingError || err instanceof MalformedCarError)) {
        throw err
      }
    }

    // the roots of the CAR cannot be read any more, so look for its name among all objects
    const entries: string[] = []

    for await (const name of this.store.list('', { signal })) {
      if (name.split('/').length === 2 && name.endsWith(`/${objects.cid}`)) {
        entries.push(name)
      }
    }

    return entries
  }
}
