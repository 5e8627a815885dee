/**
 * One entry of a wantlist: a want, or the cancel of one
 */
export interface WantEntry {
  /**
   * The raw bytes of the CID, exactly as the sender wrote it. In a decoded message
   * this is a view of the frame. Copy it to keep it beyond the message, or these
   * few bytes keep the whole frame in memory.
   */
  cid: Uint8Array

  /**
   * Higher first; any int32, negative ones included. boxo counts down from
   * 2,147,483,647, Helia sends 1.
   */
  priority: number

  /**
   * Whether the entry cancels an earlier want instead of asking for a block
   */
  cancel: boolean

  /**
   * `'block'` asks for the block, `'have'` only asks whether the other side has it
   */
  wantType: 'block' | 'have'

  /**
   * Whether the sender wants a DONT_HAVE if the other side does not have the block
   */
  sendDontHave: boolean
}

/**
 * A block on the wire: its bytes, and its CID without the digest, which the receiver
 * computes
 */
export interface MessageBlock {
  /**
   * CID version, codec, multihash code and multihash length, as varints. A bare
   * block of protocol 1.0.0 decodes with the prefix of a CIDv0, `00 70 12 20`. This
   * is a view of the frame, or an array that all bare blocks share: do not write to it.
   */
  prefix: Uint8Array

  /**
   * The bytes of the block, which may be empty. In a decoded message this is a view
   * of the frame. Copy it to keep it, since a block of 40 bytes can otherwise keep a
   * frame of 4 MiB in memory; you need not copy it to pass it on at once.
   */
  data: Uint8Array
}

/**
 * An answer without a block: HAVE or DONT_HAVE
 */
export interface Presence {
  /**
   * Raw CID bytes; in a decoded message a view of the frame
   */
  cid: Uint8Array

  /**
   * `true` for HAVE, `false` for DONT_HAVE
   */
  have: boolean
}

/**
 * A bitswap message in any version. The arrays always exist and may be empty.
 */
export interface BitswapMessage {
  /**
   * The entries of the wantlist, in the order in which they were sent
   */
  wants: WantEntry[]

  /**
   * Whether `wants` replaces everything that the sender wanted before
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
 * The message that `decodeMessage` reads from a frame
 */
export interface DecodedMessage extends BitswapMessage {
  /**
   * How many wants, blocks and presences were left out because they were malformed, too many,
   * or excluded by the options
   */
  skipped: number
}

/**
 * What `decodeMessage` reads
 */
export interface DecodeOptions {
  /**
   * `false` leaves out blocks and presences, for a receiver that has asked for nothing.
   * Default `true`.
   */
  answers?: boolean
}

/**
 * A message to send. Missing fields are empty, `false` or 0.
 */
export interface Outgoing {
  wants?: readonly WantEntry[]
  full?: boolean
  blocks?: readonly MessageBlock[]
  presences?: readonly Presence[]

  /**
   * Bytes; a number that an int32 cannot hold is sent as the nearest int32
   */
  pendingBytes?: number
}
