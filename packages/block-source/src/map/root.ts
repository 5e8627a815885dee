import { FormatVersionError, MalformedIndexError } from '../errors.ts'
import { addToFilter, filterLength } from './filter.ts'
import { KEY_LENGTH, ROW_LENGTH, ROWS_PER_PAGE, SHARD_HEAD } from './format.ts'
import { sha256 } from './sha256.ts'

/** `KITROOT`: the beginning of a root, before the version. */
const MAGIC = Uint8Array.from([0x4b, 0x49, 0x54, 0x52, 0x4f, 0x4f, 0x54])

const VERSION = 2

const HEAD = 16
const CHECKSUM = 32
const ID_LENGTH = 16

/** A CAR in a map. */
export interface MapCar {
  /** The name of the object. */
  readonly name: string
  /** Whether its rows are to be ignored. */
  readonly removed: boolean
}

/** A shard, as the root lists it. */
export interface MapShard {
  /** 32 hexadecimal digits: its name is `<id>.rows`. */
  readonly id: string
  readonly rows: number
  /** The key of its filter. */
  readonly seed: Uint32Array
  /** The CARs of its rows, as positions in {@link MapRoot.cars}. */
  readonly cars: readonly number[]
  /** The beginning of the first key of each page. */
  readonly fences: Uint32Array
  readonly filter: Uint8Array
}

/** The content of a map's root. */
export interface MapRoot {
  readonly cars: readonly MapCar[]
  /** The oldest first. */
  readonly shards: readonly MapShard[]
}

/** Creates the root's entry for a new shard, with a random seed. `cars` are positions in the root. */
export async function describeShard (bytes: Uint8Array, rows: number, cars: readonly number[]): Promise<MapShard> {
  const seed = crypto.getRandomValues(new Uint32Array(2))
  const filter = new Uint8Array(filterLength(rows))
  const fences = new Uint32Array(Math.ceil(rows / ROWS_PER_PAGE))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

  for (let row = 0; row < rows; row++) {
    const at = SHARD_HEAD + row * ROW_LENGTH
    addToFilter(filter, seed, bytes.subarray(at, at + KEY_LENGTH))

    if (row % ROWS_PER_PAGE === 0) {
      fences[row / ROWS_PER_PAGE] = view.getUint32(at)
    }
  }

  return { id: toHex(await sha256(bytes)).slice(0, 2 * ID_LENGTH), rows, seed, cars, fences, filter }
}

/** Writes a root. CARs that no shard names are left out. */
export async function encodeRoot (root: MapRoot): Promise<Uint8Array> {
  const used = [...new Set(root.shards.flatMap(({ cars }) => cars))].sort((a, b) => a - b)
  const places = new Map(used.map((car, place) => [car, place]))
  const names = used.map(car => new TextEncoder().encode(root.cars[car].name))
  const length = HEAD + names.reduce((sum, name) => sum + 3 + name.length, 0) +
    root.shards.reduce((sum, { cars, fences, filter }) => sum + ID_LENGTH + 16 + 4 * (cars.length + fences.length) + filter.length, 0)
  const bytes = new Uint8Array(length + CHECKSUM)
  const view = new DataView(bytes.buffer)
  let at = HEAD

  bytes.set([...MAGIC, VERSION])
  view.setUint32(8, names.length, true)
  view.setUint32(12, root.shards.length, true)

  for (const [place, name] of names.entries()) {
    view.setUint8(at, root.cars[used[place]].removed ? 1 : 0)
    view.setUint16(at + 1, name.length, true)
    bytes.set(name, at + 3)
    at += 3 + name.length
  }

  for (const { id, rows, seed, cars, fences, filter } of root.shards) {
    bytes.set(fromHex(id), at)
    at += ID_LENGTH

    for (const word of [rows, seed[0], seed[1], cars.length, ...cars.map(car => places.get(car) ?? 0), ...fences]) {
      view.setUint32(at, word, true)
      at += 4
    }

    bytes.set(filter, at)
    at += filter.length
  }

  bytes.set(await sha256(bytes.subarray(0, length)), length)

  return bytes
}

/**
 * Reads a root. Filters are views of the bytes.
 *
 * @throws {MalformedIndexError} if its checksum is wrong, or it contradicts itself
 * @throws {FormatVersionError} if it is intact, but has another version
 */
export async function decodeRoot (bytes: Uint8Array, object: string): Promise<MapRoot> {
  const length = bytes.length - CHECKSUM

  if (length < HEAD || !MAGIC.every((byte, i) => bytes[i] === byte)) {
    throw new MalformedIndexError('not the root of a block map', { object, offset: 0 })
  }

  const sum = await sha256(bytes.subarray(0, length))

  if (!sum.every((byte, i) => bytes[length + i] === byte)) {
    throw new MalformedIndexError('the checksum is wrong', { object, offset: length })
  }

  checkVersion(bytes[MAGIC.length], object)
  const reader = new RootReader(bytes, length, object)

  return reader.read()
}

/** All versions end in the same checksum, so that a damaged root is not taken for one of another version. */
function checkVersion (version: number, object: string): void {
  if (version < VERSION) {
    throw new FormatVersionError(`${object} was written by an older version (format ${version}, not ${VERSION}): remove it, and add the CARs again with kitsune-index add, which does not upload objects that exist`)
  }

  if (version > VERSION) {
    throw new FormatVersionError(`${object} was written by a newer version (format ${version}, not ${VERSION}): update @kitsune/block-source`)
  }
}

/** Reads within the bytes before the checksum, and nowhere else. */
class RootReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #end: number
  readonly #object: string
  #at = HEAD

  constructor (bytes: Uint8Array, end: number, object: string) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = end
    this.#object = object
  }

  read (): MapRoot {
    const cars = this.#list(this.#view.getUint32(8, true), 3, () => this.#car())
    const shards = this.#list(this.#view.getUint32(12, true), ID_LENGTH + 16, () => this.#shard(cars.length))

    if (this.#at !== this.#end) {
      throw this.#malformed('there are bytes after the last shard')
    }

    return { cars, shards }
  }

  #car (): MapCar {
    const removed = this.#view.getUint8(this.#take(1)) === 1
    const length = this.#view.getUint16(this.#take(2), true)
    const at = this.#take(length)

    return { name: new TextDecoder().decode(this.#bytes.subarray(at, at + length)), removed }
  }

  #shard (allCars: number): MapShard {
    const at = this.#take(ID_LENGTH)
    const id = toHex(this.#bytes.subarray(at, at + ID_LENGTH))
    const rows = this.#word()
    const seed = Uint32Array.of(this.#word(), this.#word())
    const cars = this.#list(this.#word(), 4, () => this.#word())
    const fences = Uint32Array.from(this.#list(Math.ceil(rows / ROWS_PER_PAGE), 4, () => this.#word()))
    const filterAt = this.#take(filterLength(rows))

    if (rows === 0 || cars.some(car => car >= allCars)) {
      throw this.#malformed('a shard without rows, or with a CAR that is not listed')
    }

    return { id, rows, seed, cars, fences, filter: this.#bytes.subarray(filterAt, filterAt + filterLength(rows)) }
  }

  #list<T> (count: number, size: number, item: () => T): T[] {
    if (count * size > this.#end - this.#at) {
      throw this.#malformed(`${count} items go beyond the end`)
    }

    return Array.from({ length: count }, item)
  }

  #word (): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  #take (length: number): number {
    if (length > this.#end - this.#at) {
      throw this.#malformed('the root ends early')
    }

    this.#at += length

    return this.#at - length
  }

  #malformed (reason: string): MalformedIndexError {
    return new MalformedIndexError(reason, { object: this.#object, offset: this.#at })
  }
}

function toHex (bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

function fromHex (text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], byte => parseInt(byte, 16))
}
