import { wantKey } from '@kitsune/bitswap-codec'
import { messageBlock } from '../wire-peer.ts'
import type { TestBlock } from '../blocks.ts'
import type { Received } from '../wire-inbox.ts'
import type { WirePeer } from '../wire-peer.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'

/** The blocks of a member that answers as quickly as a real one: it looks them up by key, and answers a message by a message. */
export interface Holder {
  hold (block: TestBlock): void
  onMessage (received: Received, self: WirePeer): void
}

/** Blocks beyond this many are forgotten, the oldest first. */
const MOST = 1_000

/** Makes a holder that always keeps `always`, and of all other blocks the newest. */
export function createHolder (always: readonly TestBlock[] = []): Holder {
  const kept = new Map<string, TestBlock>()
  const recent = new Map<string, TestBlock>()
  const keyOf = ({ cid }: TestBlock): string => String(wantKey(cid.bytes))

  for (const block of always) {
    kept.set(keyOf(block), block)
  }

  return {
    hold (block) {
      recent.set(keyOf(block), block)

      for (const key of recent.keys()) {
        if (recent.size <= MOST) {
          break
        }

        recent.delete(key)
      }
    },

    onMessage ({ from, message }, self) {
      const blocks: TestBlock[] = []
      const presences: NonNullable<Outgoing['presences']> = message.wants.flatMap(({ cid, cancel, wantType, sendDontHave }) => {
        const key = String(wantKey(cid))
        const block = cancel ? undefined : recent.get(key) ?? kept.get(key)

        if (block != null && wantType === 'block') {
          blocks.push(block)

          return []
        }

        return !cancel && (block != null || sendDontHave) ? [{ cid, have: block != null }] : []
      })

      if (blocks.length + presences.length > 0) {
        // the balancer may be gone by now
        self.send(from, { presences, blocks: blocks.slice(0, 3).map(messageBlock) }).catch(() => {})
      }

      for (const block of blocks.slice(3)) {
        self.send(from, { blocks: [messageBlock(block)] }).catch(() => {})
      }
    }
  }
}
