/**
 * A position in bytes of protobuf's wire format, of which this module implements what
 * bitswap needs.
 *
 * Reading does not throw. Unreadable bytes set `fault`, and the caller decides whether the
 * entry or the whole message is bad: a frame of 4 MiB can contain two million bad entries, and
 * an exception for each would stop the event loop for seconds.
 */
export interface Cursor {
  readonly bytes: Uint8Array

  // copied from `bytes`, because its getters cost as much as reading a field
  readonly buffer: ArrayBufferLike
  readonly offset: number

  pos: number

  /**
   * Nothing at or after this position is read
   */
  end: number

  /**
   * The bits of the last varint that did not fit in 32; only use it to check whether
   * they are zero
   */
  high: number

  /**
   * Describes the first fault, if there was one
   */
  fault: string | undefined
}

/** The wire type of numbers and booleans. */
export const WIRE_VARINT = 0
/** The wire type of bytes and of nested messages. */
export const WIRE_BYTES = 2

// how deep groups may be nested, as in protobuf's own implementations; bitswap messages
// have no groups
const MAX_GROUP_DEPTH = 100

/** Creates a cursor at the start of the bytes. */
export function createCursor (bytes: Uint8Array): Cursor {
  return { bytes, buffer: bytes.buffer, offset: bytes.byteOffset, pos: 0, end: bytes.length, high: 0, fault: undefined }
}

/**
 * Returns part of the bytes as a plain Uint8Array, without copying, even if they are a
 * Buffer
 */
export function cursorView (cursor: Cursor, start: number, end: number): Uint8Array {
  return new Uint8Array(cursor.buffer, cursor.offset + start, end - start)
}

/**
 * Reads a varint of up to ten bytes; returns its low 32 bits as a signed number and puts
 * the rest into `high`
 */
export function readVarint (cursor: Cursor): number {
  const { bytes, end } = cursor
  const pos = cursor.pos

  if (pos < end && bytes[pos] < 0x80) {
    cursor.pos = pos + 1
    cursor.high = 0

    return bytes[pos]
  }

  return readAnyVarint(cursor)
}

function readAnyVarint (cursor: Cursor): number {
  const { bytes, end } = cursor
  let pos = cursor.pos
  let low = 0
  let high = 0

  for (let i = 0; i < 10 && pos < end; i++) {
    const byte = bytes[pos++]
    const bits = byte & 0x7f

    if (i < 4) {
      low |= bits << (7 * i)
    } else if (i === 4) {
      low |= bits << 28
      high |= bits >>> 4
    } else {
      high |= bits
    }

    if (byte < 0x80) {
      if (i === 9 && byte > 1) {
        break
      }

      cursor.pos = pos
      cursor.high = high

      return low
    }
  }

  cursor.fault ??= pos < end ? 'a varint of more than 64 bits' : 'a varint that is cut off'
  cursor.high = 0

  return 0
}

/**
 * Reads the number and wire type of a field, as one number
 */
export function readTag (cursor: Cursor): number {
  const { bytes, pos } = cursor

  // the tags of all bitswap fields
  if (pos < cursor.end && bytes[pos] < 0x80 && bytes[pos] > 7) {
    cursor.pos = pos + 1

    return bytes[pos]
  }

  const tag = readAnyVarint(cursor) >>> 0

  if (cursor.fault == null && (cursor.high !== 0 || tag < 8)) {
    cursor.fault = 'a field number out of range'
  }

  return tag
}

/** Reads a boolean: any number except 0 is true, even if only bits above the 32nd are set. */
export function readBool (cursor: Cursor): boolean {
  return readVarint(cursor) !== 0 || cursor.high !== 0
}

/**
 * Reads the length of a bytes field; unless this sets a fault, all of its bytes have arrived
 */
export function readLength (cursor: Cursor): number {
  const length = readVarint(cursor)

  if (cursor.high !== 0 || length < 0 || length > cursor.end - cursor.pos) {
    cursor.fault ??= 'a field that is longer than its message'

    return 0
  }

  return length
}

/**
 * Skips an unknown field. A field with a number up to `known` is not unknown but has the
 * wrong wire type, which is a fault.
 */
export function skipUnknown (cursor: Cursor, tag: number, known: number): void {
  if (tag >>> 3 <= known) {
    cursor.fault ??= `field ${tag >>> 3} with wire type ${tag & 7}`
  }

  if (cursor.fault == null) {
    skipField(cursor, tag)
  }
}

/**
 * Skips a field of any wire type
 */
function skipField (cursor: Cursor, tag: number): void {
  const groups: number[] = []

  for (;;) {
    switch (tag & 7) {
      case 0:
        readVarint(cursor)
        break
      case 1:
        skipBytes(cursor, 8)
        break
      case 2:
        skipBytes(cursor, readLength(cursor))
        break
      case 3:
        groups.push(tag >>> 3)

        if (groups.length > MAX_GROUP_DEPTH) {
          cursor.fault ??= 'groups nested too deep'
        }

        break
      case 4:
        if (groups.pop() !== tag >>> 3) {
          cursor.fault ??= 'the end of a group that did not begin'
        }

        break
      case 5:
        skipBytes(cursor, 4)
        break
      default:
        cursor.fault ??= `wire type ${tag & 7}, which does not exist`
    }

    if (groups.length === 0 || cursor.fault != null) {
      return
    }

    tag = readTag(cursor)

    if (cursor.fault != null) {
      return
    }
  }
}

function skipBytes (cursor: Cursor, length: number): void {
  if (length > cursor.end - cursor.pos) {
    cursor.fault ??= 'a field that is longer than its message'

    return
  }

  cursor.pos += length
}

/**
 * The length of a number from 0 to 2^32 - 1 as a varint, bytes
 */
export function varintLength (value: number): number {
  let length = 1

  while (value > 0x7f) {
    value >>>= 7
    length++
  }

  return length
}

/**
 * The length of an int32: protobuf extends the sign of negative numbers to 64 bits
 */
export function int32Length (value: number): number {
  return value < 0 ? 10 : varintLength(value)
}

/**
 * Writes a number from 0 to 2^32 - 1 and returns the position after it
 */
export function writeVarint (bytes: Uint8Array, pos: number, value: number): number {
  while (value > 0x7f) {
    bytes[pos++] = (value & 0x7f) | 0x80
    value >>>= 7
  }

  bytes[pos++] = value

  return pos
}

/** Writes an int32 and returns the position after it. Negative numbers take ten bytes, as in protobuf. */
export function writeInt32 (bytes: Uint8Array, pos: number, value: number): number {
  if (value >= 0) {
    return writeVarint(bytes, pos, value)
  }

  for (let shift = 0; shift < 28; shift += 7) {
    bytes[pos++] = ((value >> shift) & 0x7f) | 0x80
  }

  bytes[pos++] = ((value >> 28) & 0x7f) | 0x80
  bytes[pos++] = 0xff
  bytes[pos++] = 0xff
  bytes[pos++] = 0xff
  bytes[pos++] = 0xff
  bytes[pos++] = 0x01

  return pos
}

/**
 * Returns the nearest int32, so that a large number does not become negative
 */
export function toInt32 (value: number): number {
  return Math.max(-0x80000000, Math.min(0x7fffffff, value)) | 0
}
