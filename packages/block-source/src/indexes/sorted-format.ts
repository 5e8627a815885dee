import { ENDS_EARLY, MALFORMED, readUint64, readVarint, varintLength } from '../car/varint.ts'
import type { Lookup } from './index-cache.ts'
import type { PagedFile } from './paged-file.ts'
import type { SortedTable } from './sorted-table.ts'

/** `IndexSorted`: rows by digest, for any hash function. */
export const INDEX_SORTED = 0x0400

/** `MultihashIndexSorted`: rows by hash function and digest. */
export const MULTIHASH_INDEX_SORTED = 0x0401

/** Rows of one kind in an index. */
export interface IndexTable extends SortedTable {
  /** The multihash code of the digests; undefined if it may be any. */
  readonly code?: number
}

/** The tables of one index, and where the index ends in its object. */
export interface IndexTables {
  readonly tables: readonly IndexTable[]
  readonly end: number
}

/** An index has one table for each hash function and digest length: real ones have one or two, or one for each length of an identity digest. */
const MAX_TABLES = 4096

/** The smallest size of a table: its width and its length. */
const TABLE_HEAD = 12

/** An offset at the end of each row. */
const VALUE_LENGTH = 8

interface Found {
  /** The number of heads of tables, including empty ones. */
  heads: number
  readonly tables: IndexTable[]
}

/** Reads a varint of an index file. */
export async function readFileVarint (file: PagedFile, offset: number, name: string, lookup: Lookup): Promise<{ value: number, end: number }> {
  const bytes = await file.read(offset, Math.min(8, Math.max(1, file.end - offset)), lookup)
  const value = readVarint(bytes, 0)

  if (value === MALFORMED || value === ENDS_EARLY) {
    throw file.malformed(`${name} is not a varint below 2^53`, offset)
  }

  return { value, end: offset + varintLength(value) }
}

/**
 * Finds the tables of an index 0x0400 or 0x0401, which begins at `offset` with its codec.
 * It reads only the heads of the tables, and rejects counts and lengths for which the
 * object is too short.
 *
 * ```
 * 0x0400: varint codec, buckets
 * 0x0401: varint codec, u32 count, count × { u64 multihash code, buckets }
 * buckets: u32 count, count × { u32 width, u64 length in bytes, rows }
 * row: digest (width - 8 bytes), u64 offset
 * ```
 *
 * All integers except the codec are little endian.
 *
 * @throws {MalformedIndexError} if it is another kind of index, or malformed
 */
export async function readTables (file: PagedFile, offset: number, lookup: Lookup): Promise<IndexTables> {
  const { value: codec, end: at } = await readFileVarint(file, offset, 'the codec of the index', lookup)
  const found: Found = { heads: 0, tables: [] }

  if (codec === INDEX_SORTED) {
    return { end: await readBuckets(file, at, undefined, found, lookup), tables: found.tables }
  }

  if (codec !== MULTIHASH_INDEX_SORTED) {
    throw file.malformed(`the codec of the index is 0x${codec.toString(16)}, not 0x400 or 0x401`, offset)
  }

  const count = await readCount(file, at, 8 + 4, 'hash functions', lookup)
  let end = at + 4

  for (let i = 0; i < count; i++) {
    const code = readUint64(await file.read(end, 8, lookup), 0)

    if (code == null) {
      throw file.malformed('the code of a hash function is beyond 2^53', end)
    }

    end = await readBuckets(file, end + 8, code, found, lookup)
  }

  return { tables: found.tables, end }
}

async function readBuckets (file: PagedFile, offset: number, code: number | undefined, found: Found, lookup: Lookup): Promise<number> {
  const count = await readCount(file, offset, TABLE_HEAD, 'widths', lookup)
  let at = offset + 4
  found.heads += count

  if (found.heads > MAX_TABLES) {
    throw file.malformed(`more than ${MAX_TABLES} tables`, offset)
  }

  for (let i = 0; i < count; i++) {
    const table = parseTable(file, await file.read(at, TABLE_HEAD, lookup), at, code)
    at = table.offset + table.rows * table.width

    if (table.rows > 0) {
      found.tables.push(table)
    }
  }

  return at
}

/** Reads a u32 that counts items of at least `size` bytes each. */
async function readCount (file: PagedFile, offset: number, size: number, name: string, lookup: Lookup): Promise<number> {
  const bytes = await file.read(offset, 4, lookup)
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)

  if (count > MAX_TABLES || count * size > file.end - offset - 4) {
    throw file.malformed(`${count} ${name}, in an object that ends at ${file.end}`, offset)
  }

  return count
}

function parseTable (file: PagedFile, head: Uint8Array, at: number, code?: number): IndexTable {
  const width = new DataView(head.buffer, head.byteOffset).getUint32(0, true)
  const length = readUint64(head, 4) ?? Infinity
  const offset = at + TABLE_HEAD

  if (width < VALUE_LENGTH) {
    throw file.malformed(`rows of ${width} bytes, which have no space for an offset`, at)
  }

  if (offset + length > file.end) {
    throw file.malformed(`${length} bytes of rows go beyond the end at ${file.end}`, at)
  }

  if (length % width !== 0) {
    throw file.malformed(`${length} bytes of rows are not a multiple of their width, ${width}`, at)
  }

  return { code, offset, width, keyLength: width - VALUE_LENGTH, rows: length / width }
}
