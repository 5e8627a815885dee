import { halfSipHash } from './half-sip-hash.ts'

const FIRST_SLOTS = 1024
const FIRST_KEY_BYTES = 64 * 1024

/** How many bytes a row takes in addition to its key: offset, length, position of its key, and its two slots. */
const ROW_BYTES = 8 + 4 + 8 + 2 + 8

/**
 * A multimap from multihashes to positions, in typed arrays. It takes about 60 bytes a
 * row; a `Map` of strings and objects takes 200. Rows are never removed.
 *
 * The hash has a random key, which bounds collisions: the keys come from files, which an
 * attacker may have written.
 */
export class RowTable {
  readonly #maxRowsPerKey: number
  #seed?: Uint32Array
  #slots: Uint32Array = new Uint32Array(FIRST_SLOTS)
  #offsets: Float64Array = new Float64Array(FIRST_SLOTS / 2)
  #lengths: Uint32Array = new Uint32Array(FIRST_SLOTS / 2)
  #keyOffsets: Float64Array = new Float64Array(FIRST_SLOTS / 2)
  #keyLengths: Uint16Array = new Uint16Array(FIRST_SLOTS / 2)
  #keys: Uint8Array = new Uint8Array(FIRST_KEY_BYTES)
  #keyBytes = 0
  #rows = 0

  /** @param maxRowsPerKey - further rows with the same key are left out */
  constructor (maxRowsPerKey: number) {
    this.#maxRowsPerKey = maxRowsPerKey
  }

  /** The number of rows. */
  get size (): number {
    return this.#rows
  }

  /** How much memory the table takes, in bytes, without the space for growth. */
  get bytes (): number {
    return this.#keyBytes + this.#rows * ROW_BYTES
  }

  /** Adds a row, unless its key has enough rows already. */
  add (key: Uint8Array, offset: number, length: number): void {
    const slot = this.#findSlot(key)

    if (slot == null) {
      return
    }

    this.#reserve(key.length)
    const row = this.#rows++
    this.#offsets[row] = offset
    this.#lengths[row] = length
    this.#keyOffsets[row] = this.#keyBytes
    this.#keyLengths[row] = key.length
    this.#keys.set(key, this.#keyBytes)
    this.#keyBytes += key.length
    this.#slots[slot] = row + 1

    if (this.#rows * 2 > this.#slots.length) {
      this.#rehash()
    }
  }

  /** Whether there is a row with the key. */
  has (key: Uint8Array): boolean {
    return this.get(key, () => true).length > 0
  }

  /** Calls `make` with the offset and the length of each row of a key, by ascending offset, and returns the results. */
  get<T> (key: Uint8Array, make: (offset: number, length: number) => T): T[] {
    const rows: number[] = []

    for (let slot = this.#firstSlot(key); this.#slots[slot] !== 0; slot = this.#next(slot)) {
      const row = this.#slots[slot] - 1

      if (this.#isKey(row, key)) {
        rows.push(row)
      }
    }

    if (rows.length > 1) {
      rows.sort((a, b) => this.#offsets[a] - this.#offsets[b])
    }

    return rows.map(row => make(this.#offsets[row], this.#lengths[row]))
  }

  /** A free slot for one more row of the key; undefined if it has enough. */
  #findSlot (key: Uint8Array): number | undefined {
    let same = 0
    let slot = this.#firstSlot(key)

    while (this.#slots[slot] !== 0) {
      if (this.#isKey(this.#slots[slot] - 1, key) && ++same >= this.#maxRowsPerKey) {
        return undefined
      }

      slot = this.#next(slot)
    }

    return slot
  }

  #firstSlot (key: Uint8Array): number {
    // in workerd random numbers are not available before the first request
    this.#seed ??= crypto.getRandomValues(new Uint32Array(2))

    return halfSipHash(key, this.#seed) & (this.#slots.length - 1)
  }

  #next (slot: number): number {
    return (slot + 1) & (this.#slots.length - 1)
  }

  #isKey (row: number, key: Uint8Array): boolean {
    if (this.#keyLengths[row] !== key.length) {
      return false
    }

    const at = this.#keyOffsets[row]

    // compare from the end, since the beginnings of multihashes are alike
    for (let i = key.length - 1; i >= 0; i--) {
      if (this.#keys[at + i] !== key[i]) {
        return false
      }
    }

    return true
  }

  #reserve (keyLength: number): void {
    if (this.#rows === this.#offsets.length) {
      const rows = this.#rows * 2
      this.#offsets = grown(this.#offsets, new Float64Array(rows))
      this.#lengths = grown(this.#lengths, new Uint32Array(rows))
      this.#keyOffsets = grown(this.#keyOffsets, new Float64Array(rows))
      this.#keyLengths = grown(this.#keyLengths, new Uint16Array(rows))
    }

    while (this.#keyBytes + keyLength > this.#keys.length) {
      this.#keys = grown(this.#keys, new Uint8Array(this.#keys.length * 2))
    }
  }

  #rehash (): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)

    for (let row = 0; row < this.#rows; row++) {
      const at = this.#keyOffsets[row]
      let slot = this.#firstSlot(this.#keys.subarray(at, at + this.#keyLengths[row]))

      while (this.#slots[slot] !== 0) {
        slot = this.#next(slot)
      }

      this.#slots[slot] = row + 1
    }
  }
}

function grown<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array> (from: T, to: T): T {
  to.set(from)

  return to
}
