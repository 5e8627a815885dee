import type { SourceLike } from './source-like.ts'
import type { Target } from './target.ts'

/** Blocks that a source may be storing at a time, and their bytes. */
const MAX_OFFERS = 16
const MAX_OFFERED_BYTES = 8 << 20

/**
 * Offers blocks to a source, if it takes any. A source that is still storing as much as it
 * may is offered no more until it has finished: blocks that wait would use memory.
 */
export function createSourceOffers (source: SourceLike, report: (why: Error) => void): Target['offer'] {
  let offers = 0
  let bytes = 0

  if (source.offer == null) {
    return
  }

  async function store (storing: Promise<void>, size: number): Promise<void> {
    offers++
    bytes += size

    try {
      await storing
    } catch (err) {
      report(toError(err))
    } finally {
      offers--
      bytes -= size
    }
  }

  return block => {
    const size = block.bytes.byteLength

    if (offers >= MAX_OFFERS || (offers > 0 && bytes + size > MAX_OFFERED_BYTES)) {
      return
    }

    try {
      const storing = source.offer?.(block)

      if (storing != null) {
        void store(storing, size)
      }
    } catch (err) {
      report(toError(err))
    }
  }
}

function toError (err: unknown): Error {
  return err instanceof Error ? err : new Error(String(err))
}
