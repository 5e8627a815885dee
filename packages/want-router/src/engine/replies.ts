import { capabilities, cidPrefix } from '@kitsune/bitswap-codec'
import type { BitswapProtocol, MessageBlock, Outgoing, Presence } from '@kitsune/bitswap-codec'

/** What is to be said to an upstream peer about one CID, in the peer's own words. */
export interface Reply {
  readonly cid: Uint8Array
  /** The block; without one, a presence. One buffer may stand in many peers' replies. */
  readonly bytes?: Uint8Array
  readonly have: boolean
}

/** The unsent replies of one upstream peer, oldest first. */
export interface Replies {
  /** Bytes that wait here; a presence counts as its CID and its keep. */
  readonly bytes: number
  readonly size: number
  push (reply: Reply): void
  /** Takes back a presence that has not left yet: the want it answers is no more. */
  withdraw (presence: Reply): void
  take (maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
}

// so many presences fit a message of the smallest size that writers begin with
const MAX_PRESENCES = 256

// an object, its place in the list and the view of the CID
const PRESENCE_KEEP = 128

function presenceBytes ({ cid }: { cid: Uint8Array }): number {
  return cid.byteLength + PRESENCE_KEEP
}

/**
 * Presences overtake blocks: they are small, and a peer decides by them whom to
 * ask. Within each kind the order of arrival holds.
 */
export function replies (): Replies {
  let blocks: Reply[] = []
  let head = 0
  const presences = new Set<Reply>()
  let bytes = 0

  function withdraw (presence: Reply): void {
    if (presences.delete(presence)) {
      bytes -= presenceBytes(presence)
    }
  }

  function takePresences (most: number): Presence[] {
    const taken: Presence[] = []
    for (const presence of presences) {
      if (taken.length === most) {
        break
      }
      withdraw(presence)
      taken.push({ cid: presence.cid, have: presence.have })
    }
    return taken
  }

  return {
    get bytes () { return bytes },
    get size () { return blocks.length - head + presences.size },

    push (reply) {
      if (reply.bytes == null) {
        presences.add(reply)
        bytes += presenceBytes(reply)
      } else {
        blocks.push(reply)
        bytes += reply.bytes.byteLength
      }
    },

    withdraw,

    take (maxBytes, protocol) {
      const message: { blocks?: MessageBlock[], presences?: Presence[] } = {}

      if (!capabilities(protocol).presences) {
        takePresences(Infinity)
      } else if (presences.size > 0) {
        message.presences = takePresences(MAX_PRESENCES)
      }

      let room = maxBytes
      while (head < blocks.length) {
        const { cid, bytes: data } = blocks[head]
        if (data == null || (data.byteLength > room && room < maxBytes)) {
          break
        }
        (message.blocks ??= []).push({ prefix: cidPrefix(cid), data })
        room -= data.byteLength
        bytes -= data.byteLength
        head++
      }

      if (head === blocks.length) {
        blocks = []
        head = 0
      } else if (head > 1024) {
        blocks = blocks.slice(head)
        head = 0
      }

      return message.blocks == null && message.presences == null ? undefined : message
    }
  }
}
