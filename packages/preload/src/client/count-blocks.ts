import { isIdentity, multihashKey } from '@kitsune/bitswap-codec'
import { DEFAULT_LINK_CODECS, linksOf } from '../gate/links.ts'
import type { LinkCodecs } from '../gate/links.ts'
import type { CID } from 'multiformats/cid'

/** Reads local blocks: a blockstore. */
export interface BlockReader {
  get (cid: CID, options: { signal: AbortSignal, offline: true }): Uint8Array | Promise<Uint8Array> | AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** Counts the blocks of a local DAG, each once. A missing block counts, but its links are unknown. */
export async function countBlocks (blocks: BlockReader, root: CID, { signal, codecs = DEFAULT_LINK_CODECS }: { readonly signal: AbortSignal, readonly codecs?: LinkCodecs }): Promise<number> {
  const seen = new Set<string>()
  const open = [root]

  for (let cid = open.pop(); cid != null; cid = open.pop()) {
    const key = multihashKey(cid.multihash.bytes)

    if (isIdentity(cid.bytes) || seen.has(key)) {
      continue
    }

    seen.add(key)

    try {
      open.push(...linksOf(codecs, cid, await read(blocks, cid, signal)))
    } catch {
      signal.throwIfAborted()
    }
  }

  return seen.size
}

async function read (blocks: BlockReader, cid: CID, signal: AbortSignal): Promise<Uint8Array> {
  const got = await blocks.get(cid, { signal, offline: true })

  if (got instanceof Uint8Array) {
    return got
  }

  const chunks: Uint8Array[] = []

  for await (const chunk of got) {
    chunks.push(chunk)
  }

  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0

  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }

  return bytes
}
