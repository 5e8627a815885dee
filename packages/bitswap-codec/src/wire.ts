/**
 * The protobuf wire format, as far as bitswap needs it.
 *
 * Reading does not throw. What cannot be read sets `fault`, and the caller decides
 * whether that costs an entry or the message: a frame of 4 MiB has room for two
 * million bad entries, and an exception for each would stop the event loop for
 * seconds.
 */
export interface Cursor {
  readonly bytes: Uint8Array

  // of `bytes`, whose getters cost as much as reading a field
  readonly buffer: ArrayBufferLike
  readonly offset: number

  pos: number

  /**
   * Nothing at or after this position is read
   */
  end: number

  /**
   * The bits of the varint read last that did not fit in 32; only whether they are
   * zero means something
   */
  high: number

  /**
   * What was wrong, once something was
   */
  fault: string | undefined
}

export const WIRE_VARINT = 0
export const WIRE_BYTES = 2

// nesting of groups, which no bitswap message has: the limit that protobuf's own
// implementations put to recursion
const MAX_GROUP_DEPTH = 100

export function createCursor (bytes: Uint8Array): Cursor {
  return { bytes, buffer: bytes.buffer, offset: bytes.byteOffset, pos: 0, end: bytes.length, high: 0, fault: undefined }
}

/**
 * Part of the bytes as a plain Uint8Array, without copying, even if they are a Buffer
 */
export function cursorView (cursor: Cursor, start: number, end: number): Uint8Array {
  return new Uint8Array(cursor.buffer, cursor.offset + start, end - start)
}

/**
 * A varint of up to ten bytes: its low 32 bits as a signed number, the rest in
 * `high`
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
 * The number and wire type of a field, as one number
 */
export function readTag (cursor: Cursor): number {
  const { bytes, pos } = cursor

  // every field that bitswap has
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

export function readBool (cursor: Cursor): boolean {
  return readVarint(cursor) !== 0 || cursor.high !== 0
}

/**
 * The length of a field's bytes, which are all there if there is no fault
 */
export function readLength (cursor: Cursor): number {
  const length = readVarint(cursor)

  if (cursor.high !== 0 || length < 0 || length > cursor.end - cursor.pos) {
    cursor.fault ??= 'a field that is longer than what holds it'
    return 0
  }

  return length
}

/**
 * Steps over a field that is not known, which one numbered up to `known` is not: it
 * has the wrong wire type
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
 * Steps over a field that nobody here knows
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
    cursor.fault ??= 'a field that is longer than what holds it'
    return
  }

  cursor.pos += length
}

/**
 * How many bytes a number from 0 to 2^32 - 1 takes as a varint
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
 * The same for an int32: protobuf extends the sign of negative ones to 64 bits
 */
export function int32Length (value: number): number {
  return value < 0 ? 10 : varintLength(value)
}

/**
 * Writes a number from 0 to 2^32 - 1, returns the position after it
 */
export function writeVarint (bytes: Uint8Array, pos: number, value: number): number {
  while (value > 0x7f) {
    bytes[pos++] = (value & 0x7f) | 0x80
    value >>>= 7
  }

  bytes[pos++] = value
  return pos
}

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
 * The nearest int32, so that a large number does not turn into a negative one
 */
export function toInt32 (value: number): number {
  return Math.max(-0x80000000, Math.min(0x7fffffff, value)) | 0
}
