import type { WantKey } from '@kitsune/bitswap-codec'
import type { Ask } from '@kitsune/want-router'

/**
 * Wants of members that were refused, the latest ones. A member that still wants a block does
 * not send its want again; so the want is remembered here, for a request that the block is part
 * of.
 */
export interface RefusedWants {
  readonly size: number
  add (ask: Ask): void
  /** The member has sent the want again. */
  delete (ask: Ask): void
  /** Forgets the wants of a block, and returns them: one a member. */
  take (key: WantKey): readonly Ask[]
  /** The member has left. */
  gone (member: string): void
}

/** Creates an empty memory for wants of at most `max` blocks. */
export function createRefusedWants (max: number): RefusedWants {
  /** By block, the latest last, and by member. */
  const wants = new Map<WantKey, Map<string, Ask>>()

  function remove (key: WantKey, member: string): void {
    const ofBlock = wants.get(key)

    if (ofBlock?.delete(member) === true && ofBlock.size === 0) {
      wants.delete(key)
    }
  }

  return {
    get size () { return wants.size },

    add (ask) {
      const ofBlock = wants.get(ask.key) ?? new Map<string, Ask>()
      wants.delete(ask.key)
      wants.set(ask.key, ofBlock.set(ask.client, ask))

      if (wants.size > max) {
        const [oldest] = wants.keys()
        wants.delete(oldest)
      }
    },

    delete ({ key, client }) { remove(key, client) },

    take (key) {
      const ofBlock = wants.get(key)
      wants.delete(key)

      return [...ofBlock?.values() ?? []]
    },

    gone (member) {
      for (const key of wants.keys()) {
        remove(key, member)
      }
    }
  }
}
