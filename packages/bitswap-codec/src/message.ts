/**
 * One line of a wantlist: a want, or the cancel of one
 */
export interface WantEntry {
  /**
   * The CID as its asker wrote it, as raw bytes. In a decoded message this is a
   * view of the frame: whoever keeps it beyond the message must copy it, or
   * those few bytes hold on to the whole frame.
   */
  cid: Uint8Array

  /**
   * Higher first; any int32, negative ones included. boxo counts down from
   * 2,147,483,647, Helia sends 1.
   */
  priority: number

  /**
   * Takes an earlier want back instead of asking for something
   */
  cancel: boolean

  /**
   * Whether the block is wanted, or only to know if the other side has it
   */
  wantType: 'block' | 'have'

  /**
   * Whether to be told when the other side does not have the block
   */
  sendDontHave: boolean
}

/**
 * A block as it travels: its bytes, and all of its CID but the digest, which the
 * receiver computes
 */
export interface MessageBlock {
  /**
   * CID version, codec, multihash code and multihash length, as varints. A bare
   * block of protocol 1.0.0 decodes with that of a CIDv0, `00 70 12 20`. A view
   * of the frame, or an array that all such blocks share: do not write to it.
   */
  prefix: Uint8Array

  /**
   * The bytes of the block, maybe none. In a decoded message a view of the frame:
   * whoever keeps it must copy it, since a block of 40 bytes can otherwise hold
   * on to a frame of 4 MiB. Whoever passes it on at once need not.
   */
  data: Uint8Array
}

/**
 * An answer without a block: HAVE or DONT_HAVE
 */
export interface Presence {
  /**
   * Raw CID bytes; a view of the frame in a decoded message
   */
  cid: Uint8Array

  /**
   * `true` for HAVE, `false` for DONT_HAVE
   */
  have: boolean
}

/**
 * A bitswap message in any version. The arrays are always there, maybe empty.
 */
export interface BitswapMessage {
  /**
   * The entries of the wantlist, in the order in which they were sent
   */
  wants: WantEntry[]

  /**
   * Whether `wants` replaces all that its sender wanted before
   */
  full: boolean

  /**
   * Blocks, in the order in which they were sent
   */
  blocks: MessageBlock[]

  /**
   * HAVEs and DONT_HAVEs
   */
  presences: Presence[]

  /**
   * How many bytes of blocks the sender has queued for the receiver
   */
  pendingBytes: number
}

/**
 * What `decodeMessage` makes of a frame
 */
export interface DecodedMessage extends BitswapMessage {
  /**
   * How many wants, blocks and presences were left out because they were
   * malformed, each at its own cost only
   */
  skipped: number
}

/**
 * A message to be sent. What is missing is empty, `false` or 0.
 */
export interface Outgoing {
  wants?: readonly WantEntry[]
  full?: boolean
  blocks?: readonly MessageBlock[]
  presences?: readonly Presence[]

  /**
   * Bytes; what an int32 cannot hold is sent as the largest that it can
   */
  pendingBytes?: number
}
