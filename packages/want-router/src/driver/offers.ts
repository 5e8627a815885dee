import { keyMultihash, parsePrefix } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import type { OfferedBlock, Target } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Offers verified blocks to members that keep blocks of others, such as caches. */
export interface Offers {
  /** Whether some member takes blocks. */
  readonly open: boolean
  /** A target has been started: it is offered blocks from now on, if it takes them. */
  join (member: string, target: Target): void
  leave (member: string): void
  /** Adds a verified block of a member that some client wants. */
  add (member: string, key: WantKey, prefix: Uint8Array, bytes: Uint8Array): void
  /** Offers the added blocks; called when everything else is done. */
  flush (): void
}

/** The most blocks, and bytes of them, that are offered with one flush. */
const MAX_BLOCKS = 1024
const MAX_BYTES = 16 << 20

/** @param failed - called when a target throws */
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

/** The CID under which the member sent the block. */
function cidOf (key: WantKey, prefix: Uint8Array): CID {
  const { version, codec } = parsePrefix(prefix)

  return CID.create(version, codec, Digest.decode(keyMultihash(key)))
}
