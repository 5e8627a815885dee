import { capabilities, cidPrefix, encodedBlockLength, encodedPresenceLength, MAX_FRAME_LENGTH, MESSAGE_OVERHEAD } from '@kitsune/bitswap-codec'
import type { BitswapProtocol, MessageBlock, Outgoing, Presence } from '@kitsune/bitswap-codec'

/** What is to be said to a client about one CID, in the words of its want. */
export interface Reply {
  readonly cid: Uint8Array
  /** The block; without one, a presence. One buffer may stand in many peers' replies. */
  readonly bytes?: Uint8Array
  readonly have: boolean
  /** Of a HAVE: one to the same want has left before. */
  readonly repeats?: boolean
}

/** A block as a client takes it. */
export interface TakenBlock extends MessageBlock {
  /** Raw CID bytes, in the client's words. The wire carries no more of it than the prefix. */
  readonly cid: Uint8Array
}

/** A message as a client takes it: encoded for a peer, or read as it is by a client within the process. */
export interface Taken extends Outgoing {
  readonly blocks?: readonly TakenBlock[]
}

/** The unsent replies of one client, oldest first. */
export interface Replies {
  /** What waits here, bytes: each reply counts with its CID and what it takes to keep. */
  readonly bytes: number
  readonly size: number
  push (reply: Reply): void
  /** Takes back a presence, as the want it answers is no more; false: it has left. */
  retract (presence: Reply): boolean
  take (maxBytes: number, protocol: BitswapProtocol): Taken | undefined
}

const EMPTY = new Uint8Array()
// this many presences fit a message of the smallest size that writers begin with
const MAX_PRESENCES = 256

// what a reply takes beside its bytes: objects, views and places in lists, as V8 makes them
const PRESENCE_KEEP = 128
const BLOCK_KEEP = 384

/** What a block costs beside its bytes while it waits, at most: its CID is no longer than those that are verified. */
export const BLOCK_OVERHEAD = BLOCK_KEEP + 160

/** What a reply costs while it waits: a block of no bytes costs memory, too. */
export function replyBytes ({ cid, bytes }: Pick<Reply, 'cid' | 'bytes'>): number {
  return cid.byteLength + (bytes == null ? PRESENCE_KEEP : BLOCK_KEEP + bytes.byteLength)
}

/**
 * Presences overtake blocks: they are small, and a peer decides by them whom to
 * ask. Within each kind the order of arrival holds. A message never exceeds the
 * longest frame, so all that is taken can be encoded.
 */
export function createReplies (): Replies {
  return new ClientReplies()
}

class ClientReplies implements Replies {
  /** Those before `head` have been taken. */
  #blocks: Reply[] = []
  #head = 0
  readonly #presences = new Set<Reply>()
  #bytes = 0

  get bytes (): number {
    return this.#bytes
  }

  get size (): number {
    return this.#blocks.length - this.#head + this.#presences.size
  }

  push (reply: Reply): void {
    if (reply.bytes == null) {
      this.#presences.add(reply)
    } else {
      this.#blocks.push(reply)
    }

    this.#bytes += replyBytes(reply)
  }

  retract (presence: Reply): boolean {
    const waited = this.#presences.delete(presence)

    if (waited) {
      this.#bytes -= replyBytes(presence)
    }

    return waited
  }

  take (maxBytes: number, protocol: BitswapProtocol): Taken | undefined {
    const message: { blocks?: TakenBlock[], presences?: Presence[] } = {}
    let most = Infinity

    if (!capabilities(protocol).presences) {
      // this version does not support them
      for (const presence of this.#presences) {
        this.retract(presence)
      }
    } else if (this.#presences.size > 0) {
      const { taken, length } = this.#takePresences(maxBytes, protocol)
      message.presences = taken
      most = MAX_FRAME_LENGTH - MESSAGE_OVERHEAD - length
    }

    if (this.#head < this.#blocks.length) {
      const taken = this.#takeBlocks(maxBytes, most, protocol)

      if (taken.length > 0) {
        message.blocks = taken
      }

      this.#shorten()
    }

    return message.blocks == null && message.presences == null ? undefined : message
  }

  /** Presences up to that many encoded bytes, but at least one. */
  #takePresences (maxBytes: number, protocol: BitswapProtocol): TakenPresences {
    const taken: Presence[] = []
    let length = 0

    for (const reply of this.#presences) {
      const presence: Presence = { cid: reply.cid, have: reply.have }
      const more = encodedPresenceLength(presence, protocol)

      if (taken.length === MAX_PRESENCES || (taken.length > 0 && length + more > maxBytes)) {
        break
      }

      this.retract(reply)
      taken.push(presence)
      length += more
    }

    return { taken, length }
  }

  /** Blocks up to that many encoded bytes, or one that is longer; none may exceed `most`. */
  #takeBlocks (maxBytes: number, most: number, protocol: BitswapProtocol): TakenBlock[] {
    const taken: TakenBlock[] = []
    let length = 0

    while (this.#head < this.#blocks.length) {
      const reply = this.#blocks[this.#head]
      const block: TakenBlock = { prefix: cidPrefix(reply.cid), data: reply.bytes ?? EMPTY, cid: reply.cid }
      const more = encodedBlockLength(block, protocol)

      if ((taken.length > 0 && length + more > maxBytes) || length + more > most) {
        break
      }

      taken.push(block)
      length += more
      this.#bytes -= replyBytes(reply)
      this.#head++
    }

    return taken
  }

  /** Gives back the part of the list that was taken. */
  #shorten (): void {
    if (this.#head === this.#blocks.length) {
      this.#blocks = []
      this.#head = 0
    } else if (this.#head > 1024) {
      this.#blocks = this.#blocks.slice(this.#head)
      this.#head = 0
    }
  }
}

interface TakenPresences {
  readonly taken: Presence[]
  /** Encoded bytes. */
  readonly length: number
}
