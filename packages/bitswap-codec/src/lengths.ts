import { CID_V0_PREFIX } from './block.ts'
import { MAX_FRAME_LENGTH } from './limits.ts'
import { capabilities } from './protocols.ts'
import { int32Length, toInt32, varintLength } from './wire.ts'
import type { MessageBlock, Outgoing, Presence, WantEntry } from './message.ts'
import type { BitswapProtocol, Capabilities } from './protocols.ts'

/**
 * The most bytes that a message has in addition to its wants, blocks and presences. The
 * length of a message never exceeds the sum of this and their encoded lengths.
 */
export const MESSAGE_OVERHEAD = 1 + 5 + 2 + 1 + 10

// the shortest wantlist field: boxo before 0.33 panics without one
const EMPTY_WANTLIST = 2

/**
 * Whether a message in this protocol can carry the block: 1.0.0 and the unversioned
 * protocol carry CIDv0 only, and no protocol carries more than 4 MiB with the header
 */
export function fits (block: MessageBlock, protocol: BitswapProtocol): boolean {
  return blockFits(block, capabilities(protocol))
}

/** {@link fits}, for a protocol with these capabilities. */
export function blockFits (block: MessageBlock, can: Capabilities): boolean {
  return (can.prefixes || isV0(block.prefix)) && EMPTY_WANTLIST + blockLength(block, can) <= MAX_FRAME_LENGTH
}

function isV0 (prefix: Uint8Array): boolean {
  return prefix === CID_V0_PREFIX || (prefix.length === 4 && prefix[0] === 0 && prefix[2] === CID_V0_PREFIX[2] && prefix[3] === CID_V0_PREFIX[3])
}

/**
 * The exact length of the frame body that `encodeFrame` makes of this message, bytes
 */
export function messageLength (message: Outgoing, protocol: BitswapProtocol): number {
  const can = capabilities(protocol)

  return bodyLength(
    wantlistLength(message.wants ?? [], message.full === true, can),
    (message.blocks ?? []).filter(block => blockFits(block, can)),
    can.presences ? message.presences ?? [] : [],
    message.pendingBytes ?? 0,
    can
  )
}

/**
 * Exactly how many bytes a block that fits adds to a message
 */
export function encodedBlockLength (block: MessageBlock, protocol: BitswapProtocol): number {
  return blockLength(block, capabilities(protocol))
}

/**
 * Exactly how many bytes a want adds to a message, without the length of the wantlist
 * field, which `MESSAGE_OVERHEAD` covers
 */
export function encodedWantLength (want: WantEntry, protocol: BitswapProtocol): number {
  const length = wantLength(want, capabilities(protocol))

  return 1 + varintLength(length) + length
}

/**
 * Exactly how many bytes a presence adds to a message; 0 before 1.2.0
 */
export function encodedPresenceLength (presence: Presence, protocol: BitswapProtocol): number {
  if (!capabilities(protocol).presences) {
    return 0
  }

  const length = presenceLength(presence.cid, presence.have)

  return 1 + varintLength(length) + length
}

/** Bytes of a message without its length prefix; `wantlist` is the length of its wantlist. */
export function bodyLength (wantlist: number, blocks: readonly MessageBlock[], presences: readonly Presence[], pendingBytes: number, can: Capabilities): number {
  let length = 1 + varintLength(wantlist) + wantlist

  for (const block of blocks) {
    length += blockLength(block, can)
  }

  for (const { cid, have } of presences) {
    const presence = presenceLength(cid, have)
    length += 1 + varintLength(presence) + presence
  }

  if (can.presences && pendingBytes !== 0) {
    length += 1 + int32Length(toInt32(pendingBytes))
  }

  return length
}

/** Bytes of a wantlist without its tag and length. */
export function wantlistLength (wants: readonly WantEntry[], full: boolean, can: Capabilities): number {
  let length = full ? 2 : 0

  for (const want of wants) {
    const entry = wantLength(want, can)
    length += 1 + varintLength(entry) + entry
  }

  return length
}

/** Bytes of an entry without its tag and length. */
export function wantLength (want: WantEntry, can: Capabilities): number {
  const priority = toInt32(want.priority)

  return bytesLength(want.cid) +
    (priority === 0 ? 0 : 1 + int32Length(priority)) +
    (want.cancel ? 2 : 0) +
    (can.wantHave && want.wantType === 'have' ? 2 : 0) +
    (can.wantHave && want.sendDontHave ? 2 : 0)
}

function blockLength (block: MessageBlock, can: Capabilities): number {
  if (!can.prefixes) {
    return bytesLength(block.data)
  }

  const length = payloadLength(block.prefix, block.data)

  return 1 + varintLength(length) + length
}

/** Bytes of a block with its prefix, without the tag and length of both together. */
export function payloadLength (prefix: Uint8Array, data: Uint8Array): number {
  return bytesLength(prefix) + bytesLength(data)
}

/** Bytes of a HAVE or DONT_HAVE without its tag and length. */
export function presenceLength (cid: Uint8Array, have: boolean): number {
  return bytesLength(cid) + (have ? 0 : 2)
}

/**
 * The length of a bytes field with its tag and length
 */
function bytesLength (bytes: Uint8Array): number {
  return 1 + varintLength(bytes.length) + bytes.length
}
