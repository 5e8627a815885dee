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
