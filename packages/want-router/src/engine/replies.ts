import { capabilities, cidPrefix, encodedBlockLength, encodedPresenceLength, MAX_FRAME_LENGTH, MESSAGE_OVERHEAD } from '@kitsune/bitswap-codec'
import type { BitswapProtocol, MessageBlock, Outgoing, Presence } from '@kitsune/bitswap-codec'

/** What a client will be sent about one CID, as its want names it. */
export interface Reply {
  readonly cid: Uint8Array
  /** The bytes of a block; undefined: a presence. Replies to many clients may share one buffer. */
  readonly bytes?: Uint8Array
  readonly have: boolean
  /** A HAVE to the same want has already left. */
  readonly repeats?: boolean
}

/** A block as a client takes it. */
export interface TakenBlock extends MessageBlock {
  /** Raw CID bytes, as the client sent them. On the wire only the prefix is sent. */
  readonly cid: Uint8Array
}

/** A message as a client takes it: encoded for a peer, or read as an object by a client in this process. */
export interface Taken extends Outgoing {
  readonly blocks?: readonly TakenBlock[]
}

/** The unsent replies of one client, oldest first. */
export interface Replies {
  /** Bytes that wait here: each reply counts with its CID and the memory of its objects. */
  readonly bytes: number
  readonly size: number
  push (reply: Reply): void
  /** Takes back a presence; false: it has left. */
  retract (presence: Reply): boolean
  take (maxBytes: number, protocol: BitswapProtocol): Taken | undefined
}

const EMPTY = new Uint8Array()
// this many presences fit a message of the smallest size that writers begin with
const MAX_PRESENCES = 256

// memory that a reply takes in V8 beside its bytes: objects, views and list entries
const PRESENCE_KEEP = 128
const BLOCK_KEEP = 384

/** The most that a block costs beside its bytes while it waits, since only CIDs of limited length can be verified. */
export const BLOCK_OVERHEAD = BLOCK_KEEP + 160

/** What a reply costs while it waits, bytes: an empty block costs memory, too. */
export function replyBytes ({ cid, bytes }: Pick<Reply, 'cid' | 'bytes'>): number {
  return cid.byteLength + (bytes == null ? PRESENCE_KEEP : BLOCK_KEEP + bytes.byteLength)
}

/**
 * Makes an empty list of replies. Presences are sent before blocks: they are small, and
 * peers need them to decide which peer to ask. Within each kind the order is kept. A
 * message never exceeds the longest frame, so everything that is taken can be encoded.
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
      // this version of the protocol has no presences
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

  /** Takes presences up to that many encoded bytes, but at least one. */
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

  /** Takes blocks up to that many encoded bytes, or one that is longer; never more than `most` bytes. */
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

  /** Frees the part of the list that was taken. */
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
