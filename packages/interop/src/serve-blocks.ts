import { multihashKey } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import { messageBlock } from './wire-peer.ts'
import type { TestBlock } from './blocks.ts'
import type { Received } from './wire-inbox.ts'
import type { WirePeer } from './wire-peer.ts'
import type { Outgoing, WantEntry } from '@kitsune/bitswap-codec'

/** How a scripted downstream answers one want: with a message, or not at all. */
export type Behaviour = (want: WantEntry, block: TestBlock | undefined) => Outgoing | undefined

/** As boxo's server does: the block for a want-block, HAVE for a want-have, DONT_HAVE where it was asked for. */
export const honest: Behaviour = (want, block) => {
  if (block == null) {
    return want.sendDontHave ? { presences: [{ cid: want.cid, have: false }] } : undefined
  }

  return want.wantType === 'block'
    ? { blocks: [messageBlock(block)] }
    : { presences: [{ cid: want.cid, have: true }] }
}

/** A peer's onMessage that answers each new want from `blocks`. These may grow later, but earlier wants are not looked up again. */
export function serveBlocks (blocks: readonly TestBlock[], behaviour: Behaviour = honest): (received: Received, self: WirePeer) => void {
  return ({ from, message }, self) => {
    for (const want of message.wants) {
      if (want.cancel) {
        continue
      }

      const key = multihashKey(CID.decode(want.cid).multihash.bytes)
      const answer = behaviour(want, blocks.find(({ cid }) => multihashKey(cid.multihash.bytes) === key))

      if (answer != null) {
        // the remote may be gone by now: the wait for the answer reports that
        self.send(from, answer).catch(() => {})
      }
    }
  }
}
