import type { WantKey } from '@kitsune/bitswap-codec'

/** Keys that a member was lately asked for: a block for one of them is late, not unsolicited. */
export interface RecentKeys { add (key: WantKey): void, has (key: WantKey): boolean }

/** Two generations, so that forgetting the oldest costs nothing: holds between `size` and twice that. */
export function createRecentKeys (size = 2048): RecentKeys {
  let young = new Set<WantKey>()
  let old = young
  return {
    add (key) {
      young.add(key)
      if (young.size >= size) {
        old = young
        young = new Set()
      }
    },
    has: key => young.has(key) || old.has(key)
  }
}
