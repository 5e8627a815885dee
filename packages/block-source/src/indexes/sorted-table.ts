import { compareBytes } from './compare.ts'
import type { Lookup } from './index-cache.ts'
import type { PagedFile } from './paged-file.ts'

/**
 * Rows of one width in an index file, in ascending order of their keys. Each row begins
 * with its key; the rest of the row is its value.
 */
export interface SortedTable {
  /** Where in the object the first row begins. */
  readonly offset: number
  readonly width: number
  readonly keyLength: number
  readonly rows: number
}

/** An unsorted table up to this length, in bytes, is searched from one end to the other. */
const MAX_UNSORTED_LENGTH = 1 << 20

/** The bounds of a search for a key. */
interface Bounds {
  /** All rows before this one have lesser keys. */
  low: number
  /** This row and all rows after it do not. */
  high: number
}

/** Some rows of a table: `bytes` begins with the row `first`. */
interface Rows {
  readonly bytes: Uint8Array
  readonly first: number
  readonly count: number
  /** A row of their page whose key is less than that of the row before it. */
  readonly unsorted?: number
}

/** The pages that were checked to be in order, by table. */
const sortedPages = new WeakMap<Uint8Array, Set<number>>()

/**
 * Finds the rows of a key, in ascending order of their places in the table, and
 * at most `limit` of them. Returns their values.
 *
 * Digests are spread evenly, so the search guesses by interpolation where a row is, and
 * reads that page: usually the right one, or otherwise one next to it. Every other guess is
 * the middle, so that made-up digests cost no more than a binary search.
 *
 * The search checks the order of the rows that it reads. Rows out of order are an error,
 * except in a small table, which is then searched row by row. It does not check pages that
 * it does not read: only {@link checkSorted} can tell for certain that a row is missing.
 *
 * @throws {MalformedIndexError} if the rows are not in order
 */
export async function findRows (file: PagedFile, table: SortedTable, key: Uint8Array, limit: number, lookup: Lookup): Promise<Uint8Array[]> {
  const bounds: Bounds = { low: 0, high: table.rows }

  for (let guesses = 0; bounds.low < bounds.high; guesses++) {
    const guess = guesses % 2 === 0 ? interpolate(table, key, bounds) : Math.floor((bounds.low + bounds.high) / 2)
    const rows = await rowsAround(file, table, guess, bounds, lookup)

    if (rows.unsorted != null) {
      return scanRows(file, table, key, limit, lookup, rows.unsorted)
    }

    narrow(bounds, rows, table, key)
  }

  return matching(file, table, key, bounds.low, limit, lookup)
}

/**
 * Reads a whole table, a page at a time, and checks that its rows are in order.
 *
 * @throws {MalformedIndexError} if they are not
 */
export async function checkSorted (file: PagedFile, table: SortedTable, lookup: Lookup): Promise<void> {
  for (let row = 0; row < table.rows;) {
    // read the last row of each page again, to compare it with the first row of the next page
    const rows = await rowsAround(file, table, row, { low: row, high: table.rows }, lookup)

    if (rows.unsorted != null) {
      throw notSorted(file, table, rows.unsorted)
    }

    const next = rows.first + rows.count

    if (next < table.rows) {
      const pair = await file.read(table.offset + (next - 1) * table.width, 2 * table.width, lookup)

      if (compareBytes(pair, 0, pair, table.width, table.keyLength) > 0) {
        throw notSorted(file, table, next)
      }
    }

    row = next
  }
}

/** The position of a key if the keys between the bounds were spread evenly. */
function interpolate (table: SortedTable, key: Uint8Array, { low, high }: Bounds): number {
  let fraction = 0

  for (let i = Math.min(6, key.length) - 1; i >= 0; i--) {
    fraction = (fraction + key[i]) / 0x100
  }

  return Math.min(high - 1, Math.max(low, Math.floor(fraction * table.rows)))
}

/** The complete rows on the same page as one row, within the bounds; at least that row. */
async function rowsAround (file: PagedFile, table: SortedTable, row: number, { low, high }: Bounds, lookup: Lookup): Promise<Rows> {
  const at = table.offset + row * table.width
  const page = await file.page(at, lookup)
  const pageFirst = Math.max(0, Math.ceil((page.offset - table.offset) / table.width))
  const pageLast = Math.min(table.rows, Math.floor((page.offset + page.bytes.length - table.offset) / table.width))

  if (pageFirst > row || pageLast <= row) {
    return { bytes: await file.read(at, table.width, lookup), first: row, count: 1 }
  }

  const rowsFrom = (first: number, last: number): Rows => {
    const from = table.offset + first * table.width - page.offset

    return { bytes: page.bytes.subarray(from, from + (last - first) * table.width), first, count: last - first }
  }

  return {
    ...rowsFrom(Math.max(low, pageFirst), Math.min(high, pageLast)),
    unsorted: firstUnsorted(page.bytes, rowsFrom(pageFirst, pageLast), table)
  }
}

function narrow (bounds: Bounds, rows: Rows, { width, keyLength }: SortedTable, key: Uint8Array): void {
  let low = 0
  let high = rows.count

  while (low < high) {
    const middle = (low + high) >>> 1

    if (compareBytes(rows.bytes, middle * width, key, 0, keyLength) < 0) {
      low = middle + 1
    } else {
      high = middle
    }
  }

  // rows.first + low is the first of these rows that is not less than the key
  if (low > 0) {
    bounds.low = rows.first + low
  }

  if (low < rows.count) {
    bounds.high = rows.first + low
  }
}

async function matching (file: PagedFile, table: SortedTable, key: Uint8Array, from: number, limit: number, lookup: Lookup): Promise<Uint8Array[]> {
  const values: Uint8Array[] = []

  for (let row = from; row < table.rows && values.length < limit; row++) {
    const bytes = await file.read(table.offset + row * table.width, table.width, lookup)

    if (compareBytes(bytes, 0, key, 0, table.keyLength) !== 0) {
      break
    }

    values.push(bytes.slice(table.keyLength))
  }

  return values
}

/** Searches an unsorted table row by row, unless it is too long. */
async function scanRows (file: PagedFile, table: SortedTable, key: Uint8Array, limit: number, lookup: Lookup, unsorted: number): Promise<Uint8Array[]> {
  const { offset, width, keyLength, rows } = table
  const values: Uint8Array[] = []

  if (rows * width > MAX_UNSORTED_LENGTH) {
    throw notSorted(file, table, unsorted)
  }

  const bytes = await file.read(offset, rows * width, lookup)

  for (let at = 0; at < bytes.length && values.length < limit; at += width) {
    if (compareBytes(bytes, at, key, 0, keyLength) === 0) {
      values.push(bytes.slice(at + keyLength, at + width))
    }
  }

  return values
}

/** The first row of a page whose key is less than that of the row before it. Each page is checked once. */
function firstUnsorted (page: Uint8Array, { bytes, first, count }: Rows, { offset, width, keyLength }: SortedTable): number | undefined {
  if (sortedPages.get(page)?.has(offset) === true) {
    return undefined
  }

  for (let row = 1; row < count; row++) {
    if (compareBytes(bytes, (row - 1) * width, bytes, row * width, keyLength) > 0) {
      return first + row
    }
  }

  sortedPages.set(page, (sortedPages.get(page) ?? new Set()).add(offset))
}

function notSorted (file: PagedFile, table: SortedTable, row: number): Error {
  return file.malformed(`the rows are not in order: row ${row} is less than the one before it`, table.offset + row * table.width)
}
