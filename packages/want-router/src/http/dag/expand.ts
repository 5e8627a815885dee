import * as dagPb from '@ipld/dag-pb'
import { shardLinks } from './hamt.ts'
import { linksOf } from './links.ts'
import { decodeUnixFS, fileParts } from './unixfs.ts'
import type { UnixFSNode } from './unixfs.ts'
import type { CID } from 'multiformats/cid'

/** A range of bytes of a file, both ends inclusive; negative numbers count from its end. */
export interface EntityBytes {
  readonly from: number
  /** Undefined: to the end. */
  readonly to?: number
}

/** A range of bytes of the file below a block, both ends inclusive. */
interface Part { readonly from: number, readonly to: number }

/** A block to visit, and which part of the DAG below it. */
export interface Visit {
  readonly cid: CID
  /** Which bytes of the file below it are wanted; undefined: everything below it. */
  readonly part?: Part
}

/** Returns the blocks to visit below one, in order. Throws for a block that cannot be decoded. */
export type Expand = (visit: Visit, bytes: Uint8Array) => Visit[]

/** Visits only the block itself. */
export const expandNone: Expand = () => []

/** Visits everything below a block. */
export const expandAll: Expand = ({ cid }, bytes) => linksOf(cid, bytes).map(cid => ({ cid }))

/**
 * Visits the blocks of a file, or of a range of it, or the shards of a directory without its entries. Anything else is one block.
 *
 * @param range - default: the whole file
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

/**
 * The links of a file that lead to the wanted bytes: all links if the whole file is wanted, or if the file
 * does not state the lengths of its parts.
 */
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
