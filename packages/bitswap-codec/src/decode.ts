import { CID_V0_PREFIX, isPrefix } from './block.ts'
import { multihashStart } from './cid-bytes.ts'
import { InvalidMessageError } from './errors.ts'
import { createCursor, cursorView, readBool, readLength, readTag, readVarint, skipField } from './wire.ts'
import type { DecodedMessage, MessageBlock, Presence, WantEntry } from './message.ts'
import type { Cursor } from './wire.ts'

const EMPTY = new Uint8Array(0)

// tags: field number << 3 | wire type
const MESSAGE_WANTLIST = 0x0a
const MESSAGE_BLOCK = 0x12
const MESSAGE_PAYLOAD = 0x1a
const MESSAGE_PRESENCE = 0x22
const MESSAGE_PENDING_BYTES = 0x28
const WANTLIST_ENTRY = 0x0a
const WANTLIST_FULL = 0x10
const ENTRY_CID = 0x0a
const ENTRY_PRIORITY = 0x10
const ENTRY_CANCEL = 0x18
const ENTRY_WANT_TYPE = 0x20
const ENTRY_SEND_DONT_HAVE = 0x28
const PAYLOAD_PREFIX = 0x0a
const PAYLOAD_DATA = 0x12
const PRESENCE_CID = 0x0a
const PRESENCE_TYPE = 0x10

/**
 * Reads the body of one frame, whatever version of the protocol it came by.
 *
 * Nothing is copied: CIDs, prefixes and blocks are views of the frame, valid as long
 * as nobody writes to it. Whoever keeps one beyond the message must copy it, since
 * each holds on to the whole frame.
 *
 * Each want, block and presence stands for itself: one that is malformed is left
 * out and counted in `skipped`, so every CID in the result is well formed (a want
 * key can be made of it) and every prefix can be parsed. Malformed are an entry
 * whose bytes are not protobuf, a CID or prefix that is missing or not well formed,
 * a CID over 168 bytes, a want or presence of an unknown type.
 *
 * What is wrong outside of them is wrong with the message: then
 * `InvalidMessageError` is thrown. Unknown fields are skipped.
 */
export function decodeMessage (frame: Uint8Array): DecodedMessage {
  const message: DecodedMessage = { wants: [], full: false, blocks: [], presences: [], pendingBytes: 0, skipped: 0 }
  const cursor = createCursor(frame)

  while (cursor.pos < cursor.end) {
    const tag = readTag(cursor)

    switch (tag) {
      case MESSAGE_WANTLIST:
        readWantlist(cursor, message)
        break
      case MESSAGE_BLOCK:
        readBareBlock(cursor, message)
        break
      case MESSAGE_PAYLOAD:
        keep(cursor, message, message.blocks, readBlock)
        break
      case MESSAGE_PRESENCE:
        keep(cursor, message, message.presences, readPresence)
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
 * A wantlist field that occurs twice is merged, as protobuf prescribes
 */
function readWantlist (cursor: Cursor, message: DecodedMessage): void {
  const length = readLength(cursor)
  const outer = cursor.end

  cursor.end = cursor.pos + length
  readWantlistFields(cursor, message)
  cursor.end = outer
}

/**
 * A function of its own that ends with its loop: V8 optimises a loop while it runs, and
 * would throw that code away each time it comes to a statement after the loop
 */
function readWantlistFields (cursor: Cursor, message: DecodedMessage): void {
  while (cursor.pos < cursor.end && cursor.fault == null) {
    const tag = readTag(cursor)

    switch (tag) {
      case WANTLIST_ENTRY:
        keep(cursor, message, message.wants, readEntry)
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
 * Reads one embedded message with `read`. Whatever is wrong inside it costs only
 * itself: its length says where the next one begins.
 */
function keep <T> (cursor: Cursor, message: DecodedMessage, list: T[], read: (cursor: Cursor) => T | undefined): void {
  const length = readLength(cursor)

  if (cursor.fault != null) {
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
 * The one loop that runs a thousand times for a message. Most fields are a tag and a
 * value of one byte each (the length, for a CID): those are read in local variables,
 * all others by the cursor, which takes twice as long.
 */
function readEntry (cursor: Cursor): WantEntry | undefined {
  const { bytes, end } = cursor
  let pos = cursor.pos
  let cidStart = 0
  let cidEnd = 0
  let priority = 0
  let cancel = false
  let type = 0
  let sendDontHave = false

  while (pos < end) {
    let tag = bytes[pos]
    let value = bytes[pos + 1]
    let high = 0

    if (isEntryTag(tag) && value < 0x80 && pos + 1 < end) {
      pos += 2
    } else {
      cursor.pos = pos
      tag = readTag(cursor)

      if (isEntryTag(tag)) {
        value = readVarint(cursor)
        high = cursor.high
      } else {
        skipUnknown(cursor, tag, 5)
      }

      if (cursor.fault != null) {
        return
      }

      pos = cursor.pos
    }

    switch (tag) {
      case ENTRY_CID:
        if (high !== 0 || value < 0 || value > end - pos) {
          return
        }

        cidStart = pos
        cidEnd = pos += value
        break
      case ENTRY_PRIORITY:
        priority = value
        break
      case ENTRY_CANCEL:
        cancel = value !== 0 || high !== 0
        break
      case ENTRY_WANT_TYPE:
        type = value
        break
      case ENTRY_SEND_DONT_HAVE:
        sendDontHave = value !== 0 || high !== 0
        break
      default:
    }
  }

  if (!isSound(cursor, cidStart, cidEnd, type)) {
    return
  }

  return { cid: cursorView(cursor, cidStart, cidEnd), priority, cancel, wantType: type === 0 ? 'block' : 'have', sendDontHave }
}

/**
 * Whether a want or a presence can be kept: a CID that is one, and one of the two types
 */
function isSound (cursor: Cursor, cidStart: number, cidEnd: number, type: number): boolean {
  return (type === 0 || type === 1) && multihashStart(cursor.bytes, cidStart, cidEnd) !== -1
}

function isEntryTag (tag: number): boolean {
  return tag === ENTRY_CID || ((tag & 7) === 0 && tag >= ENTRY_PRIORITY && tag <= ENTRY_SEND_DONT_HAVE)
}

/**
 * A block of protocol 1.0.0: no prefix, so a CIDv0
 */
function readBareBlock (cursor: Cursor, message: DecodedMessage): void {
  const length = readLength(cursor)

  if (cursor.fault == null) {
    const start = cursor.pos
    cursor.pos += length
    message.blocks.push({ prefix: CID_V0_PREFIX, data: cursorView(cursor, start, cursor.pos) })
  }
}

function readBlock (cursor: Cursor): MessageBlock | undefined {
  let prefix: Uint8Array = EMPTY
  let data: Uint8Array = EMPTY

  while (cursor.pos < cursor.end) {
    const tag = readTag(cursor)

    switch (tag) {
      case PAYLOAD_PREFIX:
        prefix = readView(cursor)
        break
      case PAYLOAD_DATA:
        data = readView(cursor)
        break
      default:
        skipUnknown(cursor, tag, 2)
    }

    if (cursor.fault != null) {
      return
    }
  }

  return isPrefix(prefix) ? { prefix, data } : undefined
}

function readPresence (cursor: Cursor): Presence | undefined {
  let start = 0
  let end = 0
  let type = 0

  while (cursor.pos < cursor.end) {
    const tag = readTag(cursor)

    switch (tag) {
      case PRESENCE_CID: {
        const length = readLength(cursor)
        start = cursor.pos
        end = cursor.pos = start + length
        break
      }
      case PRESENCE_TYPE:
        type = readVarint(cursor)
        break
      default:
        skipUnknown(cursor, tag, 2)
    }

    if (cursor.fault != null) {
      return
    }
  }

  if (!isSound(cursor, start, end, type)) {
    return
  }

  return { cid: cursorView(cursor, start, end), have: type === 0 }
}

/**
 * Steps over a field that is not known, which one numbered up to `known` is not: it
 * has the wrong wire type
 */
function skipUnknown (cursor: Cursor, tag: number, known: number): void {
  if (tag >>> 3 <= known) {
    cursor.fault ??= `field ${tag >>> 3} with wire type ${tag & 7}`
  }

  if (cursor.fault == null) {
    skipField(cursor, tag)
  }
}

function readView (cursor: Cursor): Uint8Array {
  const length = readLength(cursor)
  const start = cursor.pos
  cursor.pos += length

  return cursorView(cursor, start, cursor.pos)
}
