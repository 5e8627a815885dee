import * as dagPb from '@ipld/dag-pb'
import { shardLinks } from './hamt.ts'
import { linksOf } from './links.ts'
import { decodeUnixFS, fileParts } from './unixfs.ts'
import type { UnixFSNode } from './unixfs.ts'
import type { CID } from 'multiformats/cid'

/** Bytes of a file, both inclusive; negative ones count from its end. */
export interface EntityBytes {
  readonly from: number
  /** Undefined: to the end. */
  readonly to?: number
}

/** Bytes of the file below a block, both inclusive. */
interface Part { readonly from: number, readonly to: number }

/** A block to visit, and how much of what is below it. */
export interface Visit {
  readonly cid: CID
  /** Which bytes of the file below it are wanted; undefined: all that is below it. */
  readonly part?: Part
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

        return isRoot ? expandFile(node, size => absolute(range, size)) : expandFile(node, () => visit.part)
      }

      default:
        return []
    }
  }
}

/** The links of a file that lead to the bytes wanted: all of them if none are named, or if the file does not say where they are. */
function expandFile (node: UnixFSNode, wantedOf: (size: number) => Part | undefined): Visit[] {
  const parts = fileParts(node)
  const size = parts?.at(-1)?.end ?? 0
  const wanted = wantedOf(size)

  if (parts == null || wanted == null || isWhole(wanted, size)) {
    return node.links.map(({ Hash: cid }) => ({ cid }))
  }

  const { from, to } = wanted

  return parts
    .filter(({ start, end }) => from <= to && end > from && start <= to)
    .map(({ link: { Hash: cid }, start, end }) => partOf(cid, { from: from - start, to: to - start }, end - start))
}

function partOf (cid: CID, part: Part, size: number): Visit {
  return isWhole(part, size) ? { cid } : { cid, part }
}

function isWhole ({ from, to }: Part, size: number): boolean {
  return from <= 0 && to >= size - 1
}

function absolute ({ from, to = Infinity }: EntityBytes, size: number): Part {
  return { from: from < 0 ? Math.max(0, size + from) : from, to: to < 0 ? size + to : to }
}
