import { decodeCid, wantKey } from '@kitsune/bitswap-codec'
import { SourceError } from '../errors.ts'
import { readBlock } from './block-bytes.ts'
import { answer, foundBlock, isNotFound } from './source-read.ts'
import type { SourceResult } from './source-like.ts'
import type { Found, ReadContext, SourceRead } from './source-read.ts'
import type { Sink } from './target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/**
 * Reads blocks together, and reports each answer as it comes. Never rejects.
 *
 * @returns what is wrong with the source, if anything. Reads that it did not answer are left as they were
 */
export async function readBatch (context: ReadContext, reads: ReadonlyMap<WantKey, SourceRead>, signal: AbortSignal): Promise<Error | undefined> {
  const { source, sink } = context
  const cids = decodable(reads, sink)
  const isOpen = (read: SourceRead | undefined): read is SourceRead => read != null && !read.cancelled && !read.answered
  const wanted = (cid: CID): boolean => isOpen(readOf(reads, cid))
  const [session] = Array.from(reads.values(), ({ want }) => want.session)
  let strays = 0
  let thrown: unknown

  try {
    for await (const result of source.getMany?.(cids, { signal, session, wanted }) ?? []) {
      const read = readOf(reads, result.cid)

      if (read == null) {
        strays++
      } else if (isOpen(read)) {
        await answer(context, read, signal, async () => foundBy(result))
      }

      if (signal.aborted) {
        return
      }
    }
  } catch (err) {
    thrown = err
  }

  const missing = Array.from(reads.values()).filter(isOpen).length

  return signal.aborted ? undefined : faultOf(thrown, { strays, missing, all: reads.size })
}

/** The CIDs of a batch; a want whose bytes are not a CID is answered. */
function decodable (reads: ReadonlyMap<WantKey, SourceRead>, sink: Sink): CID[] {
  const cids: CID[] = []

  for (const read of reads.values()) {
    const cid = decodeCid(read.want.cid)

    if (cid != null) {
      cids.push(cid)
    } else {
      read.answered = true
      sink.answer(read.want.key, 'unknown')
    }
  }

  return cids
}

/** By multihash: a source may answer with another CID of it. */
function readOf (reads: ReadonlyMap<WantKey, SourceRead>, cid: CID): SourceRead | undefined {
  const key = wantKey(cid.bytes)

  return key == null ? undefined : reads.get(key)
}

async function foundBy ({ bytes, error }: SourceResult): Promise<Found | undefined> {
  if (error != null) {
    throw error
  }

  return bytes == null ? undefined : foundBlock(await readBlock(bytes))
}

interface Tally { readonly strays: number, readonly missing: number, readonly all: number }

function faultOf (thrown: unknown, { strays, missing, all }: Tally): Error | undefined {
  if (thrown != null) {
    // a blockstore may fail the whole batch because of one missing block
    return isNotFound(thrown) ? undefined : new SourceError(`getMany threw before it had answered ${missing} of ${all} blocks: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown })
  }

  if (missing > 0) {
    return new SourceError(`getMany ended before it had answered ${missing} of ${all} blocks`)
  }

  return strays > 0 ? new SourceError(`getMany yielded ${strays} blocks that it was not asked for`) : undefined
}
