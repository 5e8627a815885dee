/** Bytes of a digest. */
const LENGTH = 32
/** A digest, and after it whether it is denied: 0 for a free row. */
const ROW = LENGTH + 1
const FIRST_ROWS = 1024
const DENIED = 1
const ALLOWED = 2

/**
 * A map from sha2-256 digests to whether they are denied, of 44 to 88 bytes a digest: lists have a million of them, of which
 * a `Map` would need hundreds of megabytes. Digests are random, so their first bytes say where to look for a row.
 */
export class DigestTable {
  #rows = new Uint8Array(FIRST_ROWS * ROW)
  #capacity = FIRST_ROWS
  #size = 0

  /** How many digests there are. */
  get size (): number {
    return this.#size
  }

  /** Adds a digest, or changes whether it is denied. */
  set (digest: Uint8Array, denied: boolean): void {
    if (digest.byteLength !== LENGTH) {
      return
    }

    if (this.#size >= this.#capacity * 0.75) {
      this.#grow()
    }

    this.#put(digest, denied ? DENIED : ALLOWED)
  }

  /** Whether a digest is denied; undefined if it is not in the table. */
  get (digest: Uint8Array): boolean | undefined {
    const kind = this.#rows[this.#find(digest) + LENGTH]

    return kind === 0 ? undefined : kind === DENIED
  }

  /** All digests, and whether they are denied; in no order. */
  * rows (): Iterable<{ readonly digest: Uint8Array, readonly denied: boolean }> {
    for (let row = 0; row < this.#rows.byteLength; row += ROW) {
      const kind = this.#rows[row + LENGTH]

      if (kind !== 0) {
        yield { digest: this.#rows.slice(row, row + LENGTH), denied: kind === DENIED }
      }
    }
  }

  #put (digest: Uint8Array, kind: number): void {
    const row = this.#find(digest)
    this.#size += this.#rows[row + LENGTH] === 0 ? 1 : 0
    this.#rows.set(digest, row)
    this.#rows[row + LENGTH] = kind
  }

  /** Where the row of a digest begins, or the free row that it would take. */
  #find (digest: Uint8Array): number {
    const rows = this.#rows
    let i = ((digest[0] << 24 | digest[1] << 16 | digest[2] << 8 | digest[3]) >>> 0) % this.#capacity

    for (let row = i * ROW; rows[row + LENGTH] !== 0 && !isAt(rows, row, digest); row = i * ROW) {
      i = (i + 1) % this.#capacity
    }

    return i * ROW
  }

  #grow (): void {
    const before = this.#rows
    this.#capacity *= 2
    this.#rows = new Uint8Array(this.#capacity * ROW)
    this.#size = 0

    for (let row = 0; row < before.byteLength; row += ROW) {
      if (before[row + LENGTH] !== 0) {
        this.#put(before.subarray(row, row + LENGTH), before[row + LENGTH])
      }
    }
  }
}

function isAt (rows: Uint8Array, row: number, digest: Uint8Array): boolean {
  for (let i = 0; i < LENGTH; i++) {
    if (rows[row + i] !== digest[i]) {
      return false
    }
  }

  return true
}
