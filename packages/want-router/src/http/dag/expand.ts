import * as dagPb from '@ipld/dag-pb'
import { shardLinks } from './hamt.ts'
import { linksOf } from './links.ts'
import { decodeUnixFS, fileParts } from './unixfs.ts'
import type { CID } from 'multiformats/cid'

/** Bytes of a file, both inclusive; negative ones count from its end. */
export interface EntityBytes {
  readonly from: number
  /** Undefined: to the end. */
  readonly to?: number
}

/** A block to visit, and how much of what is below it. */
export interface Visit {
  readonly cid: CID
  /** Which bytes of the file below it are wanted; undefined: all that is below it. */
  readonly part?: { readonly from: number, readonly to: number }
}

/** Which blocks to visit below one, in order. Throws for a block that cannot be decoded. */
export type Expand = (visit: Visit, bytes: Uint8Array) => Visit[]

/** The block alone. */
export const expandNone: Expand = () => []

/** All below a block. */
export const expandAll: Expand = ({ cid }, bytes) => linksOf(cid, bytes).map(cid => ({ cid }))

/**
 * A file, or those bytes of it, or the shards of a directory, but not what that contains. All else is one block.
 *
 * @param range - default: all of a file
 */
export function expandEntity (range: EntityBytes = { from: 0 }): Expand {
  let atRoot = true

  return (visit, bytes) => {
    const isRoot = atRoot
    atRoot = false

    if (visit.cid.code !== dagPb.code) {
      return []
    }

    const node = decodeUnixFS(bytes)

    switch (node.data?.type) {
      case 'hamt-sharded-directory':
        return shardLinks(node).map(cid => ({ cid }))
      case 'file':
      case 'raw': {
        if (isRoot && node.data.type === 'raw') {
          return []
        }

        const parts = fileParts(node)
        const size = parts?.at(-1)?.end ?? 0
        const wanted = isRoot ? absolute(range, size) : visit.part
        return parts == null || wanted == null || isWhole(wanted, size)
          ? node.links.map(({ Hash: cid }) => ({ cid }))
          : parts.filter(({ start, end }) => end > wanted.from && start <= wanted.to).map(({ link: { Hash: cid }, start, end }) => partOf(cid, { from: wanted.from - start, to: wanted.to - start }, end - start))
      }
      default:
        return []
    }
  }
}

function partOf (cid: CID, part: { from: number, to: number }, size: number): Visit {
  return isWhole(part, size) ? { cid } : { cid, part }
}

function isWhole ({ from, to }: { from: number, to: number }, size: number): boolean {
  return from <= 0 && to >= size - 1
}

function absolute ({ from, to = Infinity }: EntityBytes, size: number): { from: number, to: number } {
  return { from: from < 0 ? Math.max(0, size + from) : from, to: to < 0 ? size + to : to }
}
