/** Tracks which members are asked for frequently wanted blocks. */
export interface Movement {
  asked (key: string, member: number, now: number): void
  warm (): void
  homeShare (): number | undefined
  moved (up: (member: number) => boolean): { moved?: number, collateral?: number }
}

// how many blocks are tracked: the first ones that are wanted
const BLOCKS = 4096
// a block that is asked for less often has no visible home
const OFTEN = 10

interface Asked { readonly counts: Uint32Array, before: number, after: number }

/**
 * @param members - how many there are
 * @param at - members before and after this moment are compared, ms
 */
export function createMovement (members: number, at: number): Movement {
  const blocks = new Map<string, Asked>()

  return {
    asked (key, member, now) {
      let block = blocks.get(key)

      if (block == null) {
        if (blocks.size >= BLOCKS) {
          return
        }

        block = { counts: new Uint32Array(members), before: -1, after: -1 }
        blocks.set(key, block)
      }

      block.counts[member]++

      if (now < at) {
        block.before = member
      } else {
        block.after = member
      }
    },

    warm () {
      blocks.clear()
    },

    homeShare () {
      let home = 0
      let all = 0

      for (const { counts } of blocks.values()) {
        const asks = counts.reduce((sum, count) => sum + count, 0)

        if (asks >= OFTEN) {
          home += counts.reduce((most, count) => Math.max(most, count), 0)
          all += asks
        }
      }

      return all === 0 ? undefined : home / all
    },

    moved (up) {
      let both = 0
      let moved = 0
      let collateral = 0

      for (const { before, after } of blocks.values()) {
        if (before !== -1 && after !== -1) {
          both++
          moved += before !== after ? 1 : 0
          collateral += before !== after && up(before) ? 1 : 0
        }
      }

      return both === 0 ? {} : { moved: moved / both, collateral: collateral / both }
    }
  }
}
