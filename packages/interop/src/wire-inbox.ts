import { parsePrefix, prefixCid } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import { hashBlock } from './hash-block.ts'
import type { BitswapMessage, WantEntry } from '@kitsune/bitswap-codec'

/** A message that a wire peer received. */
export interface Received {
  from: string
  protocol: string
  message: BitswapMessage
  /** Bytes of the frame's body. */
  size: number
  /** performance.now() of its arrival. */
  at: number
}

/** What a wire peer has received, for tests to look at. */
export class WireInbox {
  readonly received: Received[] = []
  readonly blocks = new Map<string, Uint8Array>()
  readonly arrivals = new Map<string, number>()
  readonly presences = new Map<string, 'have' | 'dont-have'>()
  readonly #wants = new Map<string, Map<string, WantEntry>>()

  add (entry: Received): void {
    this.received.push(entry)

    for (const { cid, have } of entry.message.presences) {
      this.presences.set(CID.decode(cid).toString(), have ? 'have' : 'dont-have')
    }

    for (const { prefix, data } of entry.message.blocks) {
      const digest = hashBlock(parsePrefix(prefix).hashCode, data)

      if (digest != null) {
        const cid = CID.decode(prefixCid(prefix, digest)).toString()
        this.blocks.set(cid, data)
        this.arrivals.set(cid, (this.arrivals.get(cid) ?? 0) + 1)
      }
    }

    this.#addWants(entry)
  }

  wantsOf (peer: string): ReadonlyMap<string, WantEntry> {
    return this.#wants.get(peer) ?? new Map()
  }

  #addWants ({ from, message }: Received): void {
    const list = message.full ? new Map<string, WantEntry>() : this.#wants.get(from) ?? new Map<string, WantEntry>()

    for (const entry of message.wants) {
      const cid = CID.decode(entry.cid).toString()

      if (entry.cancel) {
        list.delete(cid)
      } else {
        list.set(cid, entry)
      }
    }

    this.#wants.set(from, list)
  }
}
