import { mergedIndex, scanIndex } from '@kitsune/block-source'
import type { BlockIndex, ListingStore } from '@kitsune/block-source'

interface FolderIndexInit {
  /** For how long a listing counts as the newest, ms. Default 5,000 */
  readonly maxAge?: number
  /** The time in ms, for tests. Default: `performance.now` */
  now?(): number
}

/** The CARs of a store, as an index. */
export interface FolderIndex extends BlockIndex {
  /** The names of the CARs, listed again if the last listing is too old. */
  list (): Promise<readonly string[]>
}

const DEFAULT_LISTING_AGE = 5_000

/**
 * An index of all `.car` files of a store. It reads each file from beginning to end once, when
 * it looks for a block that the other files do not have. The next lookup after `maxAge` notices
 * new, changed and removed files.
 */
export function folderIndex (store: ListingStore, { maxAge = DEFAULT_LISTING_AGE, now = () => performance.now() }: FolderIndexInit = {}): FolderIndex {
  let indexes = new Map<string, { readonly name: string, readonly index: BlockIndex }>()
  let listed: number | undefined
  let listing: Promise<void> | undefined

  async function refresh (): Promise<void> {
    const at = now()
    const next: typeof indexes = new Map()

    for await (const name of store.list('')) {
      const info = name.endsWith('.car') ? await store.stat(name) : undefined

      if (info != null) {
        // a replaced file needs a new index
        const key = `${name}\0${info.etag ?? ''}`
        next.set(key, indexes.get(key) ?? { name, index: scanIndex(store, name) })
      }
    }

    indexes = next
    listed = at
  }

  async function current (): Promise<ReadonlyArray<{ readonly name: string, readonly index: BlockIndex }>> {
    if (listed == null || now() - listed > maxAge) {
      listing ??= refresh().finally(() => { listing = undefined })
      await listing
    }

    return [...indexes.values()]
  }

  return {
    complete: true,
    list: async () => (await current()).map(({ name }) => name),
    locate: async (multihashes, options) => mergedIndex((await current()).map(({ index }) => index)).locate(multihashes, options)
  }
}
