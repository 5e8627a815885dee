import { cidPrefix, decodeCid, MAX_FRAME_LENGTH } from '@kitsune/bitswap-codec'
import { readBlock } from './block-bytes.ts'
import type { SourceLike, SourceReadOptions } from './source-like.ts'
import type { Sink, TargetWant } from './target.ts'
import type { CID } from 'multiformats/cid'

/** A read that has begun. */
export interface SourceRead {
  readonly want: TargetWant
  /** It is no longer wanted, so nothing is reported about it. */
  cancelled: boolean
  /** It has been reported. */
  answered: boolean
}

/** The answer of a source about a block: its bytes, or that the source has it, or nothing. */
export interface Found { readonly bytes?: Uint8Array, readonly size?: number }

/** What reads report to, and how. */
export interface ReadContext {
  readonly source: SourceLike
  /** A want-have for a block of at most this many bytes is answered with the block. */
  readonly inlineBlock: number
  readonly sink: Sink
}

/**
 * Reads a single block, or asks whether the source has it, and reports the answer. Never rejects.
 *
 * @returns true if the source was asked whether it has the block, and the block is small enough to be read: nothing has been reported
 */
export async function readOne (context: ReadContext, read: SourceRead, signal: AbortSignal): Promise<boolean> {
  const { want } = read
  const cid = decodeCid(want.cid)

  if (cid == null) {
    context.sink.answer(want.key, 'unknown')

    return false
  }

  return answer(context, read, signal, async () => look(context.source, cid, want, { signal, session: want.session }))
}

/**
 * Reports the result of a want, unless it is no longer wanted: undefined is a miss, and so is a
 * `NotFoundError`; any other error is a failure. Resolves when the router has taken it. Never rejects.
 *
 * @returns as {@link readOne}
 */
export async function answer ({ source: { complete }, inlineBlock, sink }: ReadContext, read: SourceRead, signal: AbortSignal, find: () => Promise<Found | undefined>): Promise<boolean> {
  const { want: { key, cid, type } } = read
  const isOver = (): boolean => signal.aborted || read.cancelled

  try {
    const found = await find()

    if (isOver()) {
      return false
    }

    const small = found?.size != null && found.size <= inlineBlock

    if (small && found.bytes == null) {
      return true
    }

    read.answered = true

    if (found == null) {
      sink.answer(key, missed(complete))
    } else if (found.bytes != null && (type === 'block' || small)) {
      // the next read waits until the router has taken this block
      await sink.block(cidPrefix(cid), found.bytes)
    } else {
      sink.answer(key, 'have', undefined, found.size)
    }
  } catch (err) {
    if (isOver()) {
      return false
    }

    read.answered = true

    if (isNotFound(err)) {
      sink.answer(key, missed(complete))
    } else {
      sink.answer(key, 'failed', err instanceof Error ? err : new Error(String(err)))
    }
  }

  return false
}

async function look (source: SourceLike, cid: CID, { type }: TargetWant, options: SourceReadOptions): Promise<Found | undefined> {
  if (type === 'have' && source.stat != null) {
    const stat = await source.stat(cid, options)

    return stat == null ? undefined : { size: sizeOf(stat) }
  }

  if (type === 'have' && source.has != null) {
    return await source.has(cid, options) ? {} : undefined
  }

  const found = await source.get(cid, options)

  return found == null ? undefined : foundBlock(await readBlock(found))
}

/** A whole block. */
export function foundBlock (bytes: Uint8Array): Found {
  return { bytes, size: bytes.byteLength }
}

function missed (complete: boolean | undefined): 'unknown' | 'dont-have' {
  return complete === false ? 'unknown' : 'dont-have'
}

/** The size that a stat returned; undefined if a block cannot have that size. */
function sizeOf (stat: object): number | undefined {
  const size: unknown = 'size' in stat ? stat.size : undefined

  return typeof size === 'number' && Number.isInteger(size) && size >= 0 && size <= MAX_FRAME_LENGTH ? size : undefined
}

/** By name, since every package has its own class; older stores use `code`. */
export function isNotFound (err: unknown): boolean {
  return err instanceof Error && (err.name === 'NotFoundError' || ('code' in err && err.code === 'ERR_NOT_FOUND'))
}
