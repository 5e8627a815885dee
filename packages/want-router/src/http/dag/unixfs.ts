import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import * as raw from 'multiformats/codecs/raw'
import type { PBLink, PBNode } from '@ipld/dag-pb'

/** A block of UnixFS, or of dag-pb without UnixFS, which has links and no `data`. */
export interface UnixFSNode {
  readonly links: readonly PBLink[]
  readonly data?: UnixFS
}

/** Decodes a dag-pb node; its `data` is undefined where it has no UnixFS data. */
export function decodeUnixFS (bytes: Uint8Array): UnixFSNode {
  const { Links: links, Data }: PBNode = dagPb.decode(bytes)

  try {
    return { links, data: Data == null ? undefined : UnixFS.unmarshal(Data) }
  } catch {
    return { links } // its data is not UnixFS
  }
}

/** The part of a file that a child has. */
export interface FilePart {
  readonly link: PBLink
  readonly start: number
  /** The position after its last byte. */
  readonly end: number
}

/** The parts of a file, in order; undefined if the file does not state their lengths. */
export function fileParts ({ links, data }: UnixFSNode): FilePart[] | undefined {
  const parts: FilePart[] = []
  let start = 0

  for (const [i, link] of links.entries()) {
    const length = partLength(link, data?.blockSizes[i])

    if (length == null) {
      return
    }

    parts.push({ link, start, end: start + length })
    start += length
  }

  return parts
}

// like go-unixfsnode, and so kubo, this uses the size in the link if the child is a raw block
function partLength ({ Hash, Tsize }: PBLink, blockSize: bigint | undefined): number | undefined {
  if (Hash.code === raw.code && Tsize != null) {
    return Tsize
  }

  return blockSize == null ? undefined : Number(blockSize)
}
