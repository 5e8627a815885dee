import { keyMultihash, parsePrefix } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import type { OfferedBlock, Target } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Blocks that are offered to members which take what others had. */
export interface Offers {
  /** Some member takes blocks. */
  readonly open: boolean
  /** A target has been started; one that takes no blocks is not kept. */
  join (member: string, target: Target): void
  leave (member: string): void
  /** A verified block of a member, which some client wants. */
  add (member: string, key: WantKey, prefix: Uint8Array, bytes: Uint8Array): void
  /** Offers what has been added, when all else is done. */
  flush (): void
}

/** Blocks a tick, and their bytes: a cache leaves the rest. */
const MAX_BLOCKS = 1024
const MAX_BYTES = 16 << 20

/** @param failed - a target threw */
export function createOffers (failed: (member: string, error: Error) => void): Offers {
  const targets = new Map<string, Target>()
  let added: Array<OfferedBlock & { readonly from: string }> = []
  let size = 0

  return {
    get open () { return targets.size > 0 },

    join (member, target) {
      target.offer == null ? targets.delete(member) : targets.set(member, target)
    },

    leave (member) {
      targets.delete(member)
    },

    add (from, key, prefix, bytes) {
      const takers = targets.size - (targets.has(from) ? 1 : 0)

      if (takers > 0 && added.length < MAX_BLOCKS && size + bytes.byteLength <= MAX_BYTES) {
        added.push({ from, cid: cidOf(key, prefix), bytes })
        size += bytes.byteLength
      }
    },

    flush () {
      if (added.length === 0) {
        return
      }

      const blocks = added
      added = []
      size = 0

      for (const { from, cid, bytes } of blocks) {
        for (const [member, target] of targets) {
          if (member !== from) {
            offer(member, target, { cid, bytes })
          }
        }
      }
    }
  }

  function offer (member: string, target: Target, block: OfferedBlock): void {
    try {
      target.offer?.(block)
    } catch (err) {
      failed(member, err instanceof Error ? err : new Error(String(err)))
    }
  }
}

/** The CID under which the block was sent. */
function cidOf (key: WantKey, prefix: Uint8Array): CID {
  const { version, codec } = parsePrefix(prefix)

  return CID.create(version, codec, Digest.decode(keyMultihash(key)))
}
