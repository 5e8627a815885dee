import { isPrefix } from './block.ts'
import { multihashStart } from './cid-bytes.ts'
import { DecodedBlock, DecodedPresence, DecodedWant } from './decoded.ts'
import { cursorView, readBool, readLength, readTag, readVarint, skipUnknown } from './wire.ts'
import type { MessageBlock, Presence, WantEntry } from './message.ts'
import type { Cursor } from './wire.ts'

// Each exported function reads one embedded message, from the cursor's position to its end, and
// returns `undefined` for a bad one. The cursor's position and fault are undefined afterwards.

const EMPTY = new Uint8Array(0)

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
 * Entries take most of the time in a large wantlist. All known implementations write the fields
 * of an entry in the order of their numbers, so this function reads them in that order with local
 * variables. If it does not finish exactly at the entry's end, `readAnyEntry` reads the entry.
 */
export function readEntry (cursor: Cursor): WantEntry | undefined {
  const { bytes, end } = cursor
  const cidStart = cursor.pos + 2
  const cidEnd = cidStart + bytes[cidStart - 1]
  let pos = cidEnd
  let priority = 0
  let cancel = 0
  let type = 0
  let sendDontHave = 0

  if (pos < end && bytes[pos] === ENTRY_PRIORITY) {
    priority = bytes[pos + 1]
    pos += 2

    // boxo sends priorities near 2^31, which take five bytes
    if (priority > 0x7f) {
      priority = (priority & 0x7f) | (bytes[pos] & 0x7f) << 7 | (bytes[pos + 1] & 0x7f) << 14 | (bytes[pos + 2] & 0x7f) << 21 | bytes[pos + 3] << 28

      if ((bytes[pos] & bytes[pos + 1] & bytes[pos + 2]) < 0x80 || bytes[pos + 3] > 0x7f) {
        return readAnyEntry(cursor)
      }

      pos += 4
    }
  }

  if (pos < end && bytes[pos] === ENTRY_CANCEL) {
    cancel = bytes[pos + 1]
    pos += 2
  }

  if (pos < end && bytes[pos] === ENTRY_WANT_TYPE) {
    type = bytes[pos + 1]
    pos += 2
  }

  if (pos < end && bytes[pos] === ENTRY_SEND_DONT_HAVE) {
    sendDontHave = bytes[pos + 1]
    pos += 2
  }

  // every value was a single byte, and the last one ended the entry
  if (pos !== end || bytes[cidStart - 2] !== ENTRY_CID || bytes[cidStart - 1] > 0x7f || (cancel | type | sendDontHave) > 1 || multihashStart(bytes, cidStart, cidEnd) === -1) {
    return readAnyEntry(cursor)
  }

  return new DecodedWant(cursorView(cursor, cidStart, cidEnd), priority, cancel === 1, type === 0 ? 'block' : 'have', sendDontHave === 1)
}

function readAnyEntry (cursor: Cursor): WantEntry | undefined {
  let start = 0
  let end = 0
  let priority = 0
  let cancel = false
  let type = 0
  let sendDontHave = false

  while (cursor.pos < cursor.end) {
    const tag = readTag(cursor)

    switch (tag) {
      case ENTRY_CID: {
        const length = readLength(cursor)
        start = cursor.pos
        end = cursor.pos = start + length
        break
      }

      case ENTRY_PRIORITY:
        priority = readVarint(cursor)
        break
      case ENTRY_CANCEL:
        cancel = readBool(cursor)
        break
      case ENTRY_WANT_TYPE:
        type = readVarint(cursor)
        break
      case ENTRY_SEND_DONT_HAVE:
        sendDontHave = readBool(cursor)
        break
      default:
        skipUnknown(cursor, tag, 5)
    }

    if (cursor.fault != null) {
      return
    }
  }

  if (!isSound(cursor, start, end, type)) {
    return
  }

  return new DecodedWant(cursorView(cursor, start, end), priority, cancel, type === 0 ? 'block' : 'have', sendDontHave)
}

/**
 * Whether a want or a presence can be kept: its CID is well formed and its type exists
 */
function isSound (cursor: Cursor, cidStart: number, cidEnd: number, type: number): boolean {
  return (type === 0 || type === 1) && multihashStart(cursor.bytes, cidStart, cidEnd) !== -1
}

/** Reads a block with its prefix up to the cursor's end; undefined if it is bad or its prefix is. */
export function readBlock (cursor: Cursor): MessageBlock | undefined {
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

  return isPrefix(prefix) ? new DecodedBlock(prefix, data) : undefined
}

/** Reads a HAVE or DONT_HAVE up to the cursor's end; undefined if it is bad, its CID is or its type does not exist. */
export function readPresence (cursor: Cursor): Presence | undefined {
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

  return new DecodedPresence(cursorView(cursor, start, end), type === 0)
}

function readView (cursor: Cursor): Uint8Array {
  const length = readLength(cursor)
  const start = cursor.pos
  cursor.pos += length

  return cursorView(cursor, start, cursor.pos)
}
