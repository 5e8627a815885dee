import { compareBytes } from '../indexes/compare.ts'
import { parseMultihash } from '../indexes/multihash.ts'
import { KEY_LENGTH, ROW_LENGTH, SHARD_HEAD } from './format.ts'
import { sha256 } from './sha256.ts'

/** `KITROWS` and the version: the beginning of a shard. */
const MAGIC = Uint8Array.from([0x4b, 0x49, 0x54, 0x52, 0x4f, 0x57, 0x53, 1])

const IDENTITY = 0

const DIGEST_LENGTH = 32

/** The highest bit of a code: the digest is not 32 bytes long. */
const OTHER_LENGTH = 2 ** 31

/** Larger codes do not exist, and would have no rows. */
const MAX_CODE = OTHER_LENGTH - 1

/** The position of a block, as a shard states it. */
export interface MapRow {
  /** The CAR, as a position in the shard's list. */
  readonly car: number
  readonly offset: number
  readonly length: number
}

/**
 * The key of a multihash in a map; undefined if it is an identity or not a multihash. It is a
 * promise only for digests that are not 32 bytes long, which hardly any CAR contains.
 */
export function mapKey (multihash: Uint8Array): Uint8Array | undefined | Promise<Uint8Array> {
  const parsed = parseMultihash(multihash)

  if (parsed == null || parsed.code === IDENTITY || parsed.code > MAX_CODE) {
    return undefined
  }

  return parsed.digest.length === DIGEST_LENGTH
    ? keyOf(parsed.digest, parsed.code)
    : sha256(multihash).then(digest => keyOf(digest, parsed.code + OTHER_LENGTH))
}

function keyOf (digest: Uint8Array, code: number): Uint8Array {
  const key = new Uint8Array(KEY_LENGTH)
  key.set(digest)
  new DataView(key.buffer).setUint32(DIGEST_LENGTH, code)

  return key
}

/** Parses the part of a row after its key. */
export function parseRow (value: Uint8Array): MapRow {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)

  return {
    car: view.getUint32(0, true),
    offset: view.getUint16(8, true) * 2 ** 32 + view.getUint32(4, true),
    length: view.getUint32(10, true)
  }
}

/** Collects rows and builds a shard. */
export class RowBuilder {
  #bytes = new Uint8Array(64 * ROW_LENGTH)
  #view = new DataView(this.#bytes.buffer)
  #count = 0

  get count (): number {
    return this.#count
  }

  /** Drops all rows except the first `count`. */
  truncate (count: number): void {
    this.#count = count
  }

  add (key: Uint8Array, { car, offset, length }: MapRow): void {
    const at = this.#count * ROW_LENGTH

    if (at === this.#bytes.length) {
      const bytes = new Uint8Array(this.#bytes.length * 2)
      bytes.set(this.#bytes)
      this.#bytes = bytes
      this.#view = new DataView(bytes.buffer)
    }

    this.#bytes.set(key, at)
    this.#view.setUint32(at + KEY_LENGTH, car, true)
    this.#view.setUint32(at + KEY_LENGTH + 4, offset % 2 ** 32, true)
    this.#view.setUint16(at + KEY_LENGTH + 8, Math.floor(offset / 2 ** 32), true)
    this.#view.setUint32(at + KEY_LENGTH + 10, length, true)
    this.#count++
  }

  /** The shard, with `now` as its time: all rows in order, and for each key only the first row of a CAR. */
  build (now: number): { bytes: Uint8Array, rows: number } {
    const bytes = new Uint8Array(SHARD_HEAD + this.#count * ROW_LENGTH)
    bytes.set(MAGIC)
    let rows = 0
    let before = -1

    for (const row of this.#order()) {
      const at = row * ROW_LENGTH

      if (before < 0 || !this.#sameKeyAndCar(before, at)) {
        bytes.set(this.#bytes.subarray(at, at + ROW_LENGTH), SHARD_HEAD + rows * ROW_LENGTH)
        rows++
      }

      before = at
    }

    new DataView(bytes.buffer).setUint32(8, rows, true)
    new DataView(bytes.buffer).setBigUint64(16, BigInt(now), true)
    crypto.getRandomValues(bytes.subarray(12, 16))

    return { bytes: bytes.subarray(0, SHARD_HEAD + rows * ROW_LENGTH), rows }
  }

  #order (): Uint32Array {
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i)
    // almost always the first four bytes differ, and comparing those is fast
    const tops = Uint32Array.from({ length: this.#count }, (_, i) => this.#view.getUint32(i * ROW_LENGTH))

    return order.sort((a, b) => tops[a] - tops[b] || this.#compare(a * ROW_LENGTH, b * ROW_LENGTH))
  }

  #compare (a: number, b: number): number {
    return compareBytes(this.#bytes, a, this.#bytes, b, KEY_LENGTH) ||
      this.#view.getUint32(a + KEY_LENGTH, true) - this.#view.getUint32(b + KEY_LENGTH, true) ||
      // rows with the same key and CAR stay in the order in which they were added
      a - b
  }

  #sameKeyAndCar (a: number, b: number): boolean {
    return compareBytes(this.#bytes, a, this.#bytes, b, KEY_LENGTH + 4) === 0
  }
}

/** Whether an object is a shard with this number of rows, according to its head. */
export function isShard (bytes: Uint8Array, rows: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

  return MAGIC.every((byte, i) => bytes[i] === byte) && view.getUint32(8, true) === rows
}

/** When a shard was written, in ms since 1970, according to its head; undefined if it is not a shard. */
export function madeAt (head: Uint8Array): number | undefined {
  if (head.byteLength < SHARD_HEAD || !MAGIC.every((byte, i) => head[i] === byte)) {
    return undefined
  }

  return Number(new DataView(head.buffer, head.byteOffset).getBigUint64(16, true))
}

/** The rows of a shard, in order. Keys are views of it. */
export function * readRows (bytes: Uint8Array): Generator<{ key: Uint8Array, row: MapRow }> {
  for (let at = SHARD_HEAD; at < bytes.length; at += ROW_LENGTH) {
    yield { key: bytes.subarray(at, at + KEY_LENGTH), row: parseRow(bytes.subarray(at + KEY_LENGTH, at + ROW_LENGTH)) }
  }
}
