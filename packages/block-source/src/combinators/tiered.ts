import { InvalidOptionError } from '../errors.ts'
import { getMany } from '../get-many.ts'
import { combine, toError } from '../sources/attempts.ts'
import type { Block, BlockSource, GetManyResult, SourceOptions } from '../block-source.ts'
import type { CID } from 'multiformats/cid'

/**
 * Asks sources one after the other until one has the block. A block is absent if all
 * sources say so; if one of them could not tell, and no other has the block, that is a
 * failure. The block is offered to the tiers before the one that had it.
 *
 * @throws {InvalidOptionError} if there are no tiers
 */
export function tiered (tiers: readonly BlockSource[]): BlockSource {
  if (tiers.length === 0) {
    throw new InvalidOptionError('tiers must not be empty')
  }

  return {
    complete: tiers.every(({ complete }) => complete !== false),

    async get (cid, options = {}) {
      return first(tiers, cid, options.signal, async (tier, i) => {
        const bytes = await tier.get(cid, options)

        if (bytes != null) {
          offer(tiers.slice(0, i), { cid, bytes })
        }

        return bytes
      })
    },

    getMany: (cids, options = {}) => readMany(tiers, cids, options),

    async stat (cid, options = {}) {
      return first(tiers, cid, options.signal, async tier => {
        if (tier.stat != null) {
          return tier.stat(cid, options)
        }

        const bytes = await tier.get(cid, options)

        return bytes == null ? undefined : { size: bytes.byteLength }
      })
    },

    offer: block => { offer(tiers, block) }
  }
}

/** The first result that is not a miss; failures are remembered. */
async function first<T> (tiers: readonly BlockSource[], cid: CID, signal: AbortSignal | undefined, ask: (tier: BlockSource, i: number) => Promise<T | undefined>): Promise<T | undefined> {
  const failures: Error[] = []

  for (const [i, tier] of tiers.entries()) {
    signal?.throwIfAborted()

    try {
      const found = await ask(tier, i)

      if (found != null) {
        return found
      }
    } catch (err) {
      signal?.throwIfAborted()
      failures.push(toError(err))
    }
  }

  if (failures.length > 0) {
    throw combine(cid, failures)
  }

  return undefined
}

function offer (tiers: readonly BlockSource[], block: Block): void {
  for (const tier of tiers) {
    tier.offer?.(block)
  }
}

async function * readMany (tiers: readonly BlockSource[], cids: Iterable<CID>, options: SourceOptions): AsyncGenerator<GetManyResult> {
  // a CID may occur twice, so failures are stored by position and not by CID
  let left = Array.from(cids, (cid): { cid: CID, failures: Error[] } => ({ cid, failures: [] }))

  for (const [i, tier] of tiers.entries()) {
    const waiting = new Map<CID, Array<{ cid: CID, failures: Error[] }>>()

    for (const want of left) {
      waiting.set(want.cid, [...waiting.get(want.cid) ?? [], want])
    }

    const asked = left.map(({ cid }) => cid)
    left = []

    for await (const { cid, bytes, error } of asked.length === 0 ? [] : getMany(tier, asked, options)) {
      const want = waiting.get(cid)?.pop()

      if (bytes != null) {
        offer(tiers.slice(0, i), { cid, bytes })
        yield { cid, bytes }
      } else if (want != null) {
        left.push({ cid, failures: error == null ? want.failures : [...want.failures, error] })
      }
    }
  }

  for (const { cid, failures } of left) {
    yield failures.length === 0 ? { cid } : { cid, error: combine(cid, failures) }
  }
}
