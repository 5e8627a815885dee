import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { BlockScanner } from '../car/block-scanner.ts'
import { HashMismatchError, MalformedCarError, ObjectMissingError, UnknownHashError } from '../errors.ts'
import { carName } from '../indexes/car-names.ts'
import { SortedIndexBuilder } from '../indexes/sorted-index-builder.ts'
import { readExactly } from '../read-exactly.ts'
import { createVerify } from '../verify.ts'
import type { ScannedBlock } from '../car/block-scanner.ts'
import type { ObjectStore } from '../object-store.ts'
import type { Verify } from '../verify.ts'

/** How much of a CAR is read at a time, in bytes. */
export const READ_LENGTH = 4 << 20

const SHA2_256 = 0x12

/** A file that may be a CAR, and the name that a CAR with its hash has. */
export interface HashedCar {
  /** The store of the file. It reads only the version that was hashed. */
  readonly store: ObjectStore
  readonly object: string
  /** The version that was hashed. */
  readonly etag?: string
  readonly size: number
  /** `<cid>/<cid>.car` */
  readonly name: string
}

/** A CAR that can be added: all of its blocks were hashed. */
export interface PreparedCar extends HashedCar {
  readonly roots: readonly CID[]
  readonly blocks: number
  /** Blocks of hash functions that are unknown here, which were not hashed. */
  readonly unverified: number
  /** Its index 0x0401. */
  readonly index: Uint8Array
}

/** Options for reading a CAR. */
export interface PrepareInit {
  readonly signal?: AbortSignal
  /** Called with the number of bytes that were read so far. */
  progress? (bytes: number): void
}

/**
 * Reads a file, and hashes it as a whole.
 *
 * @throws {ObjectMissingError} if it does not exist
 * @throws {ObjectChangedError} if it changes in the meantime
 */
export async function hashCar (store: ObjectStore, object: string, { signal, progress }: PrepareInit = {}): Promise<HashedCar> {
  const info = await store.stat(object, { signal })

  if (info == null) {
    throw new ObjectMissingError(`${object} does not exist, or is not a file`)
  }

  const { size, etag } = info
  const pinned = pinnedStore(store, etag)
  const hash = createHash('sha256')

  for (let offset = 0; offset < size; offset += READ_LENGTH) {
    const { bytes } = await readExactly(pinned, object, { offset, length: Math.min(READ_LENGTH, size - offset), signal })
    hash.update(bytes)
    progress?.(offset + bytes.byteLength)
  }

  return { store: pinned, object, etag, size, name: carName(create(SHA2_256, hash.digest()).bytes) }
}

/**
 * Reads all blocks of a CAR that was hashed, and hashes each.
 *
 * @throws {MalformedCarError} if it is malformed, or a block does not hash to its CID, or there are no blocks
 */
export async function prepareCar (car: HashedCar, init: PrepareInit = {}): Promise<PreparedCar> {
  const { index, ...scanned } = await scan(car.store, car.object, init)

  return { ...car, ...scanned, index: index.build() }
}

/** What a scan found in a CAR; `unverified` blocks have a hash function that is not known here. */
export interface ScanResult {
  readonly roots: readonly CID[]
  readonly blocks: number
  readonly unverified: number
  readonly index: SortedIndexBuilder
}

interface CheckedScanInit extends PrepareInit {
  /** Called with the blocks of each range, once they were hashed. */
  each? (blocks: readonly ScannedBlock[]): Promise<void>
}

/**
 * Reads all blocks of a CAR, hashes them, and makes its index.
 *
 * @throws {MalformedCarError} as {@link prepareCar} does
 */
export async function scan (store: ObjectStore, object: string, { signal, progress, each }: CheckedScanInit): Promise<ScanResult> {
  const verify = createVerify()
  const scanner = new BlockScanner(store, object, { readLength: READ_LENGTH })
  const index = new SortedIndexBuilder()
  let blocks = 0
  let unverified = 0

  while (!scanner.car.done) {
    const some = await scanner.step(signal)

    for (const block of some) {
      blocks++
      index.add(block.multihash, block.offset)
      unverified += await isVerified(verify, block, object) ? 0 : 1
    }

    await each?.(some)
    progress?.(scanner.car.position)
  }

  if (index.rows === 0) {
    throw new MalformedCarError('there are no blocks in it', { object, offset: scanner.car.position })
  }

  return { roots: scanner.car.header?.roots ?? [], blocks, unverified, index }
}

/** `false`: its hash function is unknown. */
async function isVerified (verify: Verify, { cid, blockOffset, bytes }: ScannedBlock, object: string): Promise<boolean> {
  try {
    await verify(CID.decode(cid), bytes)

    return true
  } catch (err) {
    if (err instanceof HashMismatchError) {
      throw new MalformedCarError('the block does not hash to its CID', { object, offset: blockOffset })
    }

    if (err instanceof UnknownHashError) {
      return false
    }

    throw err
  }
}

/** A store that reads one version of an object only. */
function pinnedStore (store: ObjectStore, ifMatch: string | undefined): ObjectStore {
  return {
    read: async (object, options = {}) => store.read(object, { ...options, ifMatch: options.ifMatch ?? ifMatch }),
    stat: async (object, options) => store.stat(object, options)
  }
}
