import { CID_V0_PREFIX } from './block.ts'
import { readBlock, readEntry, readPresence } from './decode-items.ts'
import { DecodedBlock } from './decoded.ts'
import { InvalidMessageError } from './errors.ts'
import { MAX_ANSWERS, MAX_WANTS } from './limits.ts'
import { createCursor, cursorView, readBool, readLength, readTag, readVarint, skipUnknown } from './wire.ts'
import type { DecodedMessage, DecodeOptions } from './message.ts'
import type { Cursor } from './wire.ts'

// tags: field number << 3 | wire type
const MESSAGE_WANTLIST = 0x0a
const MESSAGE_BLOCK = 0x12
const MESSAGE_PAYLOAD = 0x1a
const MESSAGE_PRESENCE = 0x22
const MESSAGE_PENDING_BYTES = 0x28
const WANTLIST_ENTRY = 0x0a
const WANTLIST_FULL = 0x10

/**
 * Reads the body of one frame, in any version of the protocol.
 *
 * Nothing is copied: CIDs, prefixes and blocks are views of the frame and valid until
 * the frame is overwritten. Copy the ones that you keep beyond the message, since each
 * keeps the whole frame in memory.
 *
 * Each want, block and presence is checked separately: a malformed one is left out and
 * counted in `skipped`, so every CID in the result is well formed (`wantKey` accepts it)
 * and every prefix can be parsed. An entry is malformed if its bytes are not protobuf, if its
 * CID or prefix is missing or not well formed, if its CID has over 168 bytes, or if it is a want
 * or presence of an unknown type. Wants beyond the first `MAX_WANTS`, and blocks and presences
 * beyond the first `MAX_ANSWERS` each, are left out as well: small items cost far more as
 * objects than on the wire.
 *
 * Any fault outside of them makes the whole message malformed and throws
 * `InvalidMessageError`. Unknown fields are skipped.
 */
export function decodeMessage (frame: Uint8Array, { answers = true }: DecodeOptions = {}): DecodedMessage {
  const message: DecodedMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0, skipped: 0 }
  const cursor = createCursor(frame)
  const maxAnswers = answers ? MAX_ANSWERS : 0

  while (cursor.pos < cursor.end) {
    const tag = readTag(cursor)

    switch (tag) {
      case MESSAGE_WANTLIST:
        readWantlist(cursor, message)
        break
      case MESSAGE_BLOCK:
        readBareBlock(cursor, message, maxAnswers)
        break
      case MESSAGE_PAYLOAD:
        keep(cursor, message, message.blocks, readBlock, maxAnswers)
        break
      case MESSAGE_PRESENCE:
        keep(cursor, message, message.presences, readPresence, maxAnswers)
        break
      case MESSAGE_PENDING_BYTES:
        message.pendingBytes = readVarint(cursor)
        break
      default:
        skipUnknown(cursor, tag, 5)
    }

    if (cursor.fault != null) {
      throw new InvalidMessageError(`Malformed bitswap message: ${cursor.fault}, at byte ${cursor.pos} of ${frame.length}`)
    }
  }

  return message
}

/**
 * A second wantlist field is merged into the first, as protobuf requires
 */
function readWantlist (cursor: Cursor, message: DecodedMessage): void {
  const length = readLength(cursor)
  const outer = cursor.end

  cursor.end = cursor.pos + length
  readWantlistFields(cursor, message)
  cursor.end = outer
}

/**
 * This is a separate function that ends with its loop because V8 optimises a loop while
 * it runs, and discards that code each time it reaches a statement after the loop
 */
function readWantlistFields (cursor: Cursor, message: DecodedMessage): void {
  while (cursor.pos < cursor.end && cursor.fault == null) {
    const tag = readTag(cursor)

    switch (tag) {
      case WANTLIST_ENTRY:
        keep(cursor, message, message.wants, readEntry, MAX_WANTS)
        break
      case WANTLIST_FULL:
        message.full = readBool(cursor)
        break
      default:
        skipUnknown(cursor, tag, 2)
    }
  }
}

/**
 * Reads one embedded message with `read`. A fault inside it only costs this message, because
 * its length says where the next one begins. Messages beyond `max` are skipped.
 */
function keep <T> (cursor: Cursor, message: DecodedMessage, list: T[], read: (cursor: Cursor) => T | undefined, max: number): void {
  const length = readLength(cursor)

  if (cursor.fault != null) {
    return
  }

  if (list.length >= max) {
    message.skipped++
    cursor.pos += length

    return
  }

  const outer = cursor.end
  const end = cursor.pos + length
  cursor.end = end

  const item = read(cursor)

  cursor.fault = undefined
  cursor.pos = end
  cursor.end = outer

  if (item === undefined) {
    message.skipped++
  } else {
    list.push(item)
  }
}

/**
 * Reads a block of protocol 1.0.0, which has no prefix and therefore a CIDv0
 */
function readBareBlock (cursor: Cursor, message: DecodedMessage, max: number): void {
  const length = readLength(cursor)

  if (cursor.fault != null) {
    return
  }

  const start = cursor.pos
  cursor.pos += length

  if (message.blocks.length >= max) {
    message.skipped++
  } else {
    message.blocks.push(new DecodedBlock(CID_V0_PREFIX, cursorView(cursor, start, cursor.pos)))
  }
}
