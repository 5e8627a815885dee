import { readUint64 } from '../car/varint.ts'
import { parseMultihash } from './multihash.ts'
import { readTables } from './sorted-format.ts'
import { checkSorted, findRows } from './sorted-table.ts'
import type { IndexCache, Lookup } from './index-cache.ts'
import type { PagedFile } from './paged-file.ts'
import type { IndexTable } from './sorted-format.ts'

/** An index 0x0400 or 0x0401 whose tables are known. */
export interface OpenedIndex {
  readonly file: PagedFile
  readonly tables: readonly IndexTable[]
  /** Where in its object the index ends. */
  readonly end: number
  /** All offsets in it, ascending, if the whole index was read. */
  readonly offsets?: Float64Array
  /** How much memory this object takes, in bytes. */
  readonly length: number
}

/** The position of a block's section according to the index. */
export interface FoundOffset {
  readonly offset: number
  /** Where the next section that the index knows begins. */
  readonly next?: number
}

/** Options for opening an index. */
export interface OpenInit {
  /** Where in the object the index begins, at its codec. */
  readonly offset: number
  /** Whether to read the whole index, to check that its rows are in order. */
  readonly check: boolean
}

/**
 * Reads the tables of an index, and the whole index if it is short.
 *
 * @throws {MalformedIndexError} if the index is malformed
 */
export async function openIndex (cache: IndexCache, file: PagedFile, { offset, check }: OpenInit, lookup: Lookup): Promise<OpenedIndex> {
  const { tables, end } = await readTables(file, offset, lookup)

  if (check) {
    for (const table of tables) {
      await checkSorted(file, table, lookup)
    }
  }

  const offsets = end - offset <= cache.wholeLength ? await readOffsets(file, tables, offset, end, lookup) : undefined

  return { file, tables, end, offsets, length: 500 + tables.length * 100 + (offsets?.byteLength ?? 0) }
}

/**
 * Looks up a multihash in an index; returns the entries in ascending order of offsets.
 *
 * @throws {MalformedIndexError} if the index is malformed
 */
export async function findOffsets (opened: OpenedIndex, multihash: Uint8Array, limit: number, lookup: Lookup): Promise<FoundOffset[]> {
  const parsed = parseMultihash(multihash)
  const found = new Set<number>()

  for (const table of opened.tables) {
    if (parsed != null && table.keyLength === parsed.digest.length && (table.code ?? parsed.code) === parsed.code) {
      for (const value of await findRows(opened.file, table, parsed.digest, limit, lookup)) {
        found.add(offsetOf(value, opened, table))
      }
    }
  }

  return [...found].sort((a, b) => a - b).slice(0, limit).map(offset => ({ offset, next: nextOffset(opened, offset) }))
}

function offsetOf (value: Uint8Array, { file }: OpenedIndex, table: IndexTable): number {
  const offset = readUint64(value, 0)

  if (offset == null) {
    throw file.malformed('a row with an offset beyond 2^53', table.offset)
  }

  return offset
}

async function readOffsets (file: PagedFile, tables: readonly IndexTable[], start: number, end: number, lookup: Lookup): Promise<Float64Array> {
  const bytes = await file.read(start, end - start, lookup)
  const offsets = new Float64Array(tables.reduce((sum, { rows }) => sum + rows, 0))
  let count = 0

  for (const { offset, width, keyLength, rows } of tables) {
    for (let row = 0; row < rows; row++) {
      // an invalid offset only fails lookups of its own block
      offsets[count++] = readUint64(bytes, offset - start + row * width + keyLength) ?? Infinity
    }
  }

  return offsets.sort()
}

/** The smallest offset that is greater than the given one. */
function nextOffset ({ offsets }: OpenedIndex, offset: number): number | undefined {
  if (offsets == null) {
    return undefined
  }

  let low = 0
  let high = offsets.length

  while (low < high) {
    const middle = (low + high) >>> 1

    if (offsets[middle] <= offset) {
      low = middle + 1
    } else {
      high = middle
    }
  }

  return low < offsets.length && offsets[low] !== Infinity ? offsets[low] : undefined
}
