/**
 * The most bytes that the body of a frame may have: 4 MiB, which is where boxo
 * resets a stream (`MessageSizeMax`)
 */
export const MAX_FRAME_LENGTH = 4_194_304

/**
 * The most bytes that a CID may have, as in boxo (`MaxCidSize`): enough for any
 * digest, while a want cannot be used to make a peer store kilobytes
 */
export const MAX_CID_LENGTH = 168

/**
 * Blocks of up to this many bytes are copied beside their headers when a message
 * is encoded; larger ones are referenced. A chunk of its own costs a write and a
 * packet, which is more than copying 4 KiB.
 */
export const MAX_COPIED_BLOCK = 4_096
