import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { HttpRequestError } from '../errors.ts'
import { decoded } from './decoded.ts'
import { createShardLookup } from './hamt.ts'
import { decodeNode, lookUp } from './links.ts'
import { decodeUnixFS } from './unixfs.ts'
import type { DagBlock, GetBlock } from './block.ts'
import type { UnixFSNode } from './unixfs.ts'

/** Where a path leads. */
export interface ResolvedPath {
  /** The blocks that prove it, in the order in which the path passes through them; not the one that it leads to. */
  readonly proof: readonly DagBlock[]
  /** The CID of each segment, the root first; the last one is what the path leads to. */
  readonly roots: readonly CID[]
}

/** The path leads nowhere, which its blocks prove. */
export interface BrokenPath { readonly proof: readonly DagBlock[], readonly roots?: undefined }

/** The most bytes of blocks that are kept until it is known where a path leads. */
const MAX_PROOF = 32 << 20
/** The least memory that a block takes besides its bytes. */
const BLOCK_OVERHEAD = 256

/**
 * Follows a path from a root: names in directories of UnixFS, including sharded ones, in dag-pb and in maps and lists.
 * Rejects as `get` does, for a block that cannot be decoded, and with an {@link HttpRequestError} for a path through too
 * many blocks.
 */
export async function resolvePath (root: CID, path: readonly string[], get: GetBlock): Promise<ResolvedPath | BrokenPath> {
  const proof: DagBlock[] = []
  const roots = [root]
  let cid = root
  let rest = path
  let kept = 0

  const read: GetBlock = async cid => {
    const bytes = await get(cid)
    kept += bytes.byteLength + BLOCK_OVERHEAD

    if (kept > MAX_PROOF) {
      throw new HttpRequestError('The path leads through more blocks than are kept for one request', 422)
    }

    proof.push({ cid, bytes })

    return bytes
  }

  while (rest.length > 0) {
    const step: Step | undefined = await (cid.code === dagPb.code ? stepByName(cid, rest, read) : stepByKey(cid, rest, read))

    if (step == null) {
      return { proof }
    }

    if (step.cid == null) {
      proof.pop() // the path ends in this block

      return { proof, roots: [...roots, ...Array(rest.length).fill(cid)] }
    }

    // keys inside a block are segments whose root is that block
    roots.push(...Array(rest.length - step.rest.length - 1).fill(cid), step.cid)
    cid = step.cid
    rest = step.rest
  }

  return { proof, roots }
}

/** Where one or more segments lead: to another block, or, without a CID, to a value within the current one. */
interface Step { readonly cid?: CID, readonly rest: readonly string[] }

async function stepByName (cid: CID, [name, ...rest]: readonly string[], read: GetBlock): Promise<Step | undefined> {
  const bytes = await read(cid)
  const node = decoded(cid, () => decodeUnixFS(bytes))

  switch (node.data?.type) {
    case 'file':
    case 'raw':
      return

    case 'hamt-sharded-directory': {
      const entry = await findInShards(node, name, read)

      return entry == null ? undefined : { cid: entry, rest }
    }

    default: {
      const link = node.links.find(({ Name }) => Name === name)

      return link == null ? undefined : { cid: link.Hash, rest }
    }
  }
}

async function findInShards (root: UnixFSNode, name: string, read: GetBlock): Promise<CID | undefined> {
  const lookup = await createShardLookup(name)
  let answer = lookup.look(root)

  while (answer != null && 'shard' in answer) {
    const { shard } = answer
    const bytes = await read(shard)
    answer = lookup.look(decoded(shard, () => decodeUnixFS(bytes)))
  }

  return answer?.entry
}

async function stepByKey (within: CID, path: readonly string[], read: GetBlock): Promise<Step | undefined> {
  const bytes = await read(within)
  let node = decoded(within, () => decodeNode(within.code, bytes))

  for (const [i, segment] of path.entries()) {
    node = lookUp(node, segment)

    if (node === undefined) {
      return
    }

    const cid = CID.asCID(node)

    if (cid != null) {
      return { cid, rest: path.slice(i + 1) }
    }
  }

  return { rest: [] }
}
