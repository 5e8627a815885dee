import { compareBytes } from './compare.ts'
import { parseMultihash } from './multihash.ts'
import { MULTIHASH_INDEX_SORTED } from './sorted-format.ts'

const IDENTITY = 0

/** The offset at the end of each row, in bytes. */
const VALUE_LENGTH = 8

/** Rows of one hash function and one digest length, as they were added. */
interface Table {
  readonly code: number
  readonly width: number
  bytes: Uint8Array
  rows: number
}

/**
 * Builds the index 0x0401 of a CAR, as SATNAV has it: with offsets of sections, from the start
 * of the object. The same rows yield the same bytes. See `readTables` for the format.
 */
export class SortedIndexBuilder {
  readonly #tables = new Map<string, Table>()
  #rows = 0

  /** How many rows there are. */
  get rows (): number {
    return this.#rows
  }

  /** Adds a section. Identity multihashes are left out, since they contain their blocks. */
  add (multihash: Uint8Array, offset: number): void {
    const parsed = parseMultihash(multihash)

    if (parsed == null || parsed.code === IDENTITY) {
      return
    }

    const { code, digest } = parsed
    const width = digest.length + VALUE_LENGTH
    const key = `${code}/${width}`
    const table = this.#tables.get(key) ?? { code, width, bytes: new Uint8Array(64 * width), rows: 0 }
    this.#tables.set(key, table)
    const at = table.rows * width

    if (at === table.bytes.length) {
      const bytes = new Uint8Array(2 * table.bytes.length)
      bytes.set(table.bytes)
      table.bytes = bytes
    }

    table.bytes.set(digest, at)
    new DataView(table.bytes.buffer).setBigUint64(at + digest.length, BigInt(offset), true)
    table.rows++
    this.#rows++
  }

  /** The index, as the bytes of a file. */
  build (): Uint8Array {
    const tables = [...this.#tables.values()].sort((a, b) => a.code - b.code || a.width - b.width)
    const codes = [...new Set(tables.map(({ code }) => code))]
    const length = 2 + 4 + codes.length * 12 + tables.reduce((sum, { rows, width }) => sum + 12 + rows * width, 0)
    const bytes = new Uint8Array(length)
    const view = new DataView(bytes.buffer)
    let at = 6

    bytes.set([MULTIHASH_INDEX_SORTED % 0x80 | 0x80, MULTIHASH_INDEX_SORTED >> 7])
    view.setUint32(2, codes.length, true)

    for (const code of codes) {
      const ofCode = tables.filter(table => table.code === code)
      view.setBigUint64(at, BigInt(code), true)
      view.setUint32(at + 8, ofCode.length, true)
      at += 12

      for (const table of ofCode) {
        view.setUint32(at, table.width, true)
        view.setBigUint64(at + 4, BigInt(table.rows * table.width), true)
        at += 12
        writeSorted(table, bytes, at)
        at += table.rows * table.width
      }
    }

    return bytes
  }
}

/** Writes rows ascending by digest, and those of one digest by offset. */
function writeSorted ({ bytes, width, rows }: Table, to: Uint8Array, at: number): void {
  const view = new DataView(bytes.buffer)
  const digestLength = width - VALUE_LENGTH
  // almost always the first four bytes differ, and comparing those is fast
  const tops = Uint32Array.from({ length: rows }, (_, row) => digestLength >= 4 ? view.getUint32(row * width) : 0)
  const offsetOf = (row: number): number => Number(view.getBigUint64((row + 1) * width - VALUE_LENGTH, true))
  const order = Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => {
    return tops[a] - tops[b] || compareBytes(bytes, a * width, bytes, b * width, digestLength) || offsetOf(a) - offsetOf(b)
  })

  for (const [i, row] of order.entries()) {
    to.set(bytes.subarray(row * width, (row + 1) * width), at + i * width)
  }
}
