/**
 * The most bytes that the body of a frame may have: 4 MiB, above which boxo
 * resets a stream (`MessageSizeMax`)
 */
export const MAX_FRAME_LENGTH = 4_194_304

/**
 * The most bytes that a CID may have, as in boxo (`MaxCidSize`). It is enough for any
 * digest, and too little for wants that make a peer store kilobytes.
 */
export const MAX_CID_LENGTH = 168

/**
 * The encoder copies blocks of up to this many bytes in between the headers and refers
 * to larger ones. A separate chunk costs a write and a packet, which is more than
 * copying 4 KiB.
 */
export const MAX_COPIED_BLOCK = 4_096

/**
 * The most wants that are read from one frame. A frame cannot contain that many wants of sha2-256 CIDs, which take 40 bytes each
 */
export const MAX_WANTS = 131_072

/**
 * The most blocks, and the most presences, that are read from one frame. A frame can contain
 * two million empty blocks, which would take gigabytes as objects
 */
export const MAX_ANSWERS = 16_384
