import { base58btc } from 'multiformats/bases/base58'
import type { Costs } from '../costs.ts'
import type { BlockSource, Budget } from '@kitsune/block-source'

/** What is used of a cache of Cloudflare, such as `caches.default`. */
export interface CacheLike {
  match (url: string): Promise<Response | undefined>
  put (url: string, response: Response): Promise<unknown>
}

interface EdgeCacheInit {
  readonly cache: CacheLike
  /** Whose paths name the blocks: the origin of the Worker. */
  readonly origin: string
  /** Is charged for each operation: they are sub-requests. */
  readonly budget: Budget
  readonly costs: Costs
  /** Takes over a write whose result no caller awaits: `ctx.waitUntil`. */
  later (writing: Promise<unknown>): void
}

/** A year: what a multihash names does not change. */
const HEADERS = { 'cache-control': 'public, max-age=31536000, immutable' }

/**
 * Keeps blocks that are read one by one in the cache of the location, which costs nothing but two sub-requests. What is read
 * together with neighbours comes to less than that, and is not kept.
 */
export function edgeCached (source: BlockSource, { cache, origin, budget, costs, later }: EdgeCacheInit): BlockSource {
  function charge (): void {
    budget.spend('fetch')
    costs.cache++
  }

  async function find (url: string): Promise<Uint8Array | undefined> {
    charge()
    // a cache that fails has nothing
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
