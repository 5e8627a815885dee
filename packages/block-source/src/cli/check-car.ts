import { compareBytes } from '../indexes/compare.ts'
import { mapIndex } from '../map/map-index.ts'
import { mapKey } from '../map/rows.ts'
import { carObjects } from './library.ts'
import { scan } from './prepare-car.ts'
import type { PrepareInit, ScanResult } from './prepare-car.ts'
import type { BlockIndex } from '../block-index.ts'
import type { ScannedBlock } from '../car/block-scanner.ts'
import type { ObjectStore } from '../object-store.ts'

/** A block with this many locations may have more, so the check cannot tell whether the map lacks one of its CARs. */
const MAX_LOCATIONS = 100

/** The result of checking a CAR, its index and its entries in the block map. */
export interface CheckedCar {
  readonly blocks: number
  readonly unverified: number
  /** What is wrong; empty if nothing is. */
  readonly faults: readonly string[]
}

/**
 * Reads all of a CAR in a store and hashes its blocks. Then it compares the stored index byte
 * by byte with the one that it should be, and checks that DUDEWHERE has an entry for each root
 * and the block map one for each block.
 *
 * @throws {MalformedCarError} if the CAR is malformed, or a block does not hash to its CID
 */
export async function checkCar (store: ObjectStore, car: string, init: PrepareInit = {}): Promise<CheckedCar> {
  const faults: string[] = []
  const map = mapIndex(store, { maxLocations: MAX_LOCATIONS })
  let missing = 0

  const scanned = await scan(store, car, {
    ...init,
    async each (blocks) { missing += await countMissing(map, car, blocks) }
  })

  if (missing > 0) {
    faults.push(`the block map does not have ${missing} of its blocks`)
  }

  return { blocks: scanned.blocks, unverified: scanned.unverified, faults: [...faults, ...await objectFaults(store, car, scanned)] }
}

async function objectFaults (store: ObjectStore, car: string, { roots, index }: ScanResult): Promise<string[]> {
  const objects = carObjects(car)
  const faults: string[] = []
  const expected = index.build()
  const found = (await store.read(objects.index))?.bytes

  if (found == null) {
    faults.push(`${objects.index} does not exist`)
  } else if (found.byteLength !== expected.byteLength || compareBytes(found, 0, expected, 0, expected.byteLength) !== 0) {
    faults.push(`${objects.index} is not the index of the CAR`)
  }

  for (const root of roots) {
    if (await store.stat(objects.root(root)) == null) {
      faults.push(`${objects.root(root)} does not exist`)
    }
  }

  return faults
}

/** How many blocks the map does not list in this CAR. It lists a block that is in the CAR twice only once, so offsets are not compared. */
async function countMissing (map: BlockIndex, car: string, blocks: readonly ScannedBlock[]): Promise<number> {
  const indexed = blocks.filter(({ multihash }) => mapKey(multihash) != null)
  const located = indexed.length === 0 ? [] : await map.locate(indexed.map(({ multihash }) => multihash))
  let missing = 0

  for (const [i, { blockLength }] of indexed.entries()) {
    const places = located[i]

    if (places instanceof Error) {
      throw places
    }

    if (places.length < MAX_LOCATIONS && !places.some(({ object, length }) => object === car && length === blockLength)) {
      missing++
    }
  }

  return missing
}
