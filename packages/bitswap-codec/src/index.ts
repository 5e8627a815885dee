/**
 * @packageDocumentation
 *
 * The bitswap wire format and nothing else: messages, frames, want keys and the CIDs of
 * blocks, in every version of the protocol.
 */

export { cidPrefix, decodeCid, identityData, isIdentity, parsePrefix, prefixCid } from './block.ts'
export type { PrefixInfo } from './block.ts'
export { decodeMessage } from './decode.ts'
export { encodeFrame } from './encode.ts'
export * from './errors.ts'
export { frameDecoder } from './frames.ts'
export type { FrameDecoder, FrameDecoderInit } from './frames.ts'
export { MESSAGE_OVERHEAD, encodedBlockLength, encodedPresenceLength, encodedWantLength, fits, messageLength } from './lengths.ts'
export { MAX_CID_LENGTH, MAX_COPIED_BLOCK, MAX_FRAME_LENGTH } from './limits.ts'
export type { BitswapMessage, DecodedMessage, MessageBlock, Outgoing, Presence, WantEntry } from './message.ts'
export { BITSWAP_PROTOCOLS, capabilities } from './protocols.ts'
export type { BitswapProtocol, Capabilities } from './protocols.ts'
export { keyMultihash, multihashKey, wantKey } from './want-key.ts'
export type { WantKey } from './want-key.ts'
