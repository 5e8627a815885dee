import { FrameTooLargeError } from './errors.ts'
import { blockFits, bodyLength, payloadLength, presenceLength, wantLength, wantlistLength } from './lengths.ts'
import { MAX_COPIED_BLOCK, MAX_FRAME_LENGTH } from './limits.ts'
import { capabilities } from './protocols.ts'
import { toInt32, varintLength, writeInt32, writeVarint } from './wire.ts'
import type { MessageBlock, Outgoing, Presence, WantEntry } from './message.ts'
import type { BitswapProtocol, Capabilities } from './protocols.ts'

/**
 * Encodes a message for a peer that speaks `protocol`: the frame's length and its body,
 * as chunks to send one after the other with nothing in between.
 *
 * Blocks of up to 4 KiB are copied in between the headers. A larger block is a separate
 * chunk, which is the caller's own array and must not change until it has been sent.
 *
 * For a protocol before 1.2.0 want-haves are sent as want-blocks, and `sendDontHave`,
 * `pendingBytes` and presences are left out. Blocks that do not fit (see `fits`) are
 * left out too. The message always has a wantlist field, even if it is empty.
 *
 * Throws `FrameTooLargeError` if the body is larger than 4 MiB, which every peer would
 * refuse, and `UnknownProtocolError`.
 */
export function encodeFrame (message: Outgoing, protocol: BitswapProtocol): Uint8Array[] {
  const can = capabilities(protocol)
  const wants = message.wants ?? []
  const presences = can.presences ? message.presences ?? [] : []
  const blocks = (message.blocks ?? []).filter(block => blockFits(block, can))
  const wantlist = wantlistLength(wants, message.full === true, can)
  const body = bodyLength(wantlist, blocks, presences, message.pendingBytes ?? 0, can)

  if (body > MAX_FRAME_LENGTH) {
    throw new FrameTooLargeError(`A bitswap message of ${body} bytes is larger than the ${MAX_FRAME_LENGTH} bytes that peers accept: send its blocks in several messages`)
  }

  let referenced = 0

  for (const { data } of blocks) {
    referenced += data.length > MAX_COPIED_BLOCK ? data.length : 0
  }

  const bytes = new Uint8Array(varintLength(body) + body - referenced)
  const chunks: Uint8Array[] = []
  let flushed = 0
  let pos = writeVarint(bytes, 0, body)

  bytes[pos++] = 0x0a
  pos = writeVarint(bytes, pos, wantlist)

  for (const want of wants) {
    pos = writeWant(bytes, pos, want, can)
  }

  if (message.full === true) {
    bytes[pos++] = 0x10
    bytes[pos++] = 1
  }

  for (const block of blocks) {
    const { data } = block
    pos = writeBlockHeader(bytes, pos, block, can)

    if (data.length > MAX_COPIED_BLOCK) {
      chunks.push(bytes.subarray(flushed, pos), data)
      flushed = pos
    } else {
      bytes.set(data, pos)
      pos += data.length
    }
  }

  for (const presence of presences) {
    pos = writePresence(bytes, pos, presence)
  }

  if (can.presences && message.pendingBytes != null && message.pendingBytes !== 0) {
    bytes[pos++] = 0x28
    pos = writeInt32(bytes, pos, toInt32(message.pendingBytes))
  }

  if (flushed < pos) {
    chunks.push(flushed === 0 ? bytes : bytes.subarray(flushed))
  }

  return chunks
}

function writeWant (bytes: Uint8Array, pos: number, want: WantEntry, can: Capabilities): number {
  const priority = toInt32(want.priority)

  bytes[pos++] = 0x0a
  pos = writeVarint(bytes, pos, wantLength(want, can))
  bytes[pos++] = 0x0a
  pos = writeBytes(bytes, pos, want.cid)

  if (priority !== 0) {
    bytes[pos++] = 0x10
    pos = writeInt32(bytes, pos, priority)
  }

  if (want.cancel) {
    bytes[pos++] = 0x18
    bytes[pos++] = 1
  }

  if (can.wantHave && want.wantType === 'have') {
    bytes[pos++] = 0x20
    bytes[pos++] = 1
  }

  if (can.wantHave && want.sendDontHave) {
    bytes[pos++] = 0x28
    bytes[pos++] = 1
  }

  return pos
}

/**
 * Writes everything that comes before the bytes of a block
 */
function writeBlockHeader (bytes: Uint8Array, pos: number, { prefix, data }: MessageBlock, can: Capabilities): number {
  if (can.prefixes) {
    bytes[pos++] = 0x1a
    pos = writeVarint(bytes, pos, payloadLength(prefix, data))
    bytes[pos++] = 0x0a
    pos = writeBytes(bytes, pos, prefix)
  }

  // field 2 of the message and of a payload
  bytes[pos++] = 0x12

  return writeVarint(bytes, pos, data.length)
}

function writePresence (bytes: Uint8Array, pos: number, { cid, have }: Presence): number {
  bytes[pos++] = 0x22
  pos = writeVarint(bytes, pos, presenceLength(cid, have))
  bytes[pos++] = 0x0a
  pos = writeBytes(bytes, pos, cid)

  if (!have) {
    bytes[pos++] = 0x10
    bytes[pos++] = 1
  }

  return pos
}

function writeBytes (bytes: Uint8Array, pos: number, value: Uint8Array): number {
  pos = writeVarint(bytes, pos, value.length)
  bytes.set(value, pos)

  return pos + value.length
}
