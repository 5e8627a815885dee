import type { WantKey } from '@kitsune/bitswap-codec'

/** The wants that the engine has asked of a member. */
export interface Ask {
  readonly member: string
  readonly key: WantKey
}

/** Asks without an answer, the oldest first. */
export interface Asks {
  readonly size: number
  add (member: string, wants: ReadonlyArray<{ readonly key: WantKey }>): void
  /** Takes up to `count` asks off the front. */
  take (count: number, use: (ask: Ask) => void): void
}

// how many asks are taken before their memory is released
const COMPACT = 1 << 16

/** @param silent - only count them: nothing will be taken, and nothing is kept */
export function createAsks (silent: boolean): Asks {
  const asks: Ask[] = []
  let first = 0
  let size = 0

  return {
    get size () { return size },

    add (member, wants) {
      size += wants.length

      if (!silent) {
        for (const { key } of wants) {
          asks.push({ member, key })
        }
      }
    },

    take (count, use) {
      const end = Math.min(first + count, asks.length)
      size -= end - first

      while (first < end) {
        use(asks[first++])
      }

      if (first > COMPACT || first === asks.length) {
        asks.splice(0, first)
        first = 0
      }
    }
  }
}
