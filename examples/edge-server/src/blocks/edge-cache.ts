import { base58btc } from 'multiformats/bases/base58'
import type { Costs } from '../costs.ts'
import type { BlockSource, Budget } from '@kitsune/block-source'

/** The part of a cache of Cloudflare that is used, such as `caches.default`. */
export interface CacheLike {
  match (url: string): Promise<Response | undefined>
  put (url: string, response: Response): Promise<unknown>
}

interface EdgeCacheInit {
  readonly cache: CacheLike
  /** The origin of the Worker, below which the cache has a path for each block. */
  readonly origin: string
  /** Is charged for each operation, since each is a sub-request. */
  readonly budget: Budget
  readonly costs: Costs
  /** Keeps the request alive until a write that nothing else awaits has ended: `ctx.waitUntil`. */
  later (writing: Promise<unknown>): void
}

/** A year, since the bytes of a multihash do not change. */
const HEADERS = { 'cache-control': 'public, max-age=31536000, immutable' }

/**
 * Keeps blocks that are read one by one in the cache of the location, which costs only two
 * sub-requests. A block that is read together with its neighbours costs less than that, and is
 * not kept.
 */
export function edgeCached (source: BlockSource, { cache, origin, budget, costs, later }: EdgeCacheInit): BlockSource {
  function charge (): void {
    budget.spend('fetch')
    costs.cache++
  }

  async function find (url: string): Promise<Uint8Array | undefined> {
    charge()
    // a failing cache counts as empty
    const found = await cache.match(url).catch(() => undefined)

    return found == null ? undefined : new Uint8Array(await found.arrayBuffer())
  }

  async function keep (url: string, bytes: Uint8Array): Promise<void> {
    charge()
    await cache.put(url, new Response(new Uint8Array(bytes), { headers: HEADERS }))
  }

  return {
    ...source,

    async get (cid, options) {
      const url = `${origin}/block/${base58btc.encode(cid.multihash.bytes)}`
      const kept = await find(url)

      if (kept != null) {
        return kept
      }

      const bytes = await source.get(cid, options)

      if (bytes != null) {
        later(keep(url, bytes).catch(() => {})) // a block that is not kept is read again
      }

      return bytes
    }
  }
}
