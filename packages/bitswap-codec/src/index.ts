/**
 * @packageDocumentation
 *
 * Reads and writes the messages of bitswap 1.0.0, 1.1.0, 1.2.0 and the unversioned
 * protocol, and nothing else: no streams, no state, no hashing. For whoever writes a
 * bitswap node, proxy or tool and has to answer for every byte that a peer sends.
 *
 * - Fast: decoding copies nothing, encoding copies no block over 4 KiB.
 * - Bounded: a frame is refused by its declared length, and memory is taken as bytes arrive.
 * - Lenient: a bad entry costs that entry, not the message that others share with it.
 * - Strict: a malformed message is one typed error. Unknown hash functions are opaque.
 * - Anywhere: Node.js, browsers and Workers.
 *
 * @example
 *
 * ```ts
 * import { cidPrefix, decodeMessage, encodeFrame, frameDecoder, prefixCid, wantKey } from '@kitsune/bitswap-codec'
 * import { CID } from 'multiformats/cid'
 * import { sha256 } from 'multiformats/hashes/sha2'
 *
 * const cid = CID.parse('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e').bytes
 *
 * // what a peer that has the block sends: chunks for a stream
 * const block = { prefix: cidPrefix(cid), data: new TextEncoder().encode('hello world') }
 * const chunks = encodeFrame({ blocks: [block] }, '/ipfs/bitswap/1.2.0')
 *
 * // and what the peer that wants it makes of them
 * const decoder = frameDecoder()
 *
 * for (const frame of chunks.flatMap(chunk => decoder.push(chunk))) {
 *   for (const { prefix, data } of decodeMessage(frame).blocks) {
 *     const { digest } = await sha256.digest(data)
 *     console.log(wantKey(prefixCid(prefix, digest)) === wantKey(cid)) // true
 *   }
 * }
 * ```
 *
 * ## What each version can carry
 *
 * | protocol | blocks | HAVE, DONT_HAVE, pendingBytes | want-have, sendDontHave |
 * |---|---|---|---|
 * | `/ipfs/bitswap/1.2.0` | any CID | yes | yes |
 * | `/ipfs/bitswap/1.1.0` | any CID | no | no |
 * | `/ipfs/bitswap/1.0.0` | CIDv0 only | no | no |
 * | `/ipfs/bitswap` | CIDv0 only | no | no |
 *
 * Wants, cancels, priorities and full wantlists travel in all of them. When a message is
 * encoded for a version that cannot carry all of it, want-haves leave as want-blocks, and
 * presences, `pendingBytes`, `sendDontHave` and blocks of another CID are left out:
 * `fits(block, protocol)` tells beforehand, and `capabilities(protocol)` is this table.
 * Decoding does not ask for the version: like boxo, it reads any field under any.
 *
 * ## Limits
 *
 * | | default | |
 * |---|---|---|
 * | `frameDecoder({ maxFrameLength })` | 4,194,304 bytes | of a frame's body; `FrameTooLargeError` before it is buffered |
 * | `MAX_FRAME_LENGTH` | 4,194,304 bytes | of an encoded body, where boxo resets a stream: a raw block has at most 4,194,286 |
 * | `MAX_CID_LENGTH` | 168 bytes | as in boxo: a longer CID is a bad entry |
 * | `MAX_COPIED_BLOCK` | 4,096 bytes | larger blocks are referenced when they are encoded |
 *
 * How many wants a message or a peer may have is not decided here.
 *
 * ## Who must copy
 *
 * CIDs, prefixes and blocks of a decoded message are views of the frame, and a frame that
 * lies whole in one chunk is a view of that chunk. To pass them on at once needs no copy; to
 * keep one does, since each holds on to all of the chunk. Want keys, `decodeCid` and
 * `cidPrefix` hold on to nothing.
 *
 * ## Want keys
 *
 * A `WantKey` is the multihash as a string of one character for each byte, so CIDv0 and
 * CIDv1 of one block have the same. It is made when it is asked for, as are CIDs:
 * `wantKey(cid)` costs about as much as decoding the entry that the CID came in,
 * `decodeCid(cid)` ten or twenty times that.
 *
 * ## Test vectors
 *
 * `@kitsune/bitswap-codec/vectors/kubo.json`, `helia.json` and `hand.json` are bodies of
 * frames in hex with what they mean, for any implementation to be tested with. Those of kubo
 * were recorded from a node, those of Helia made by its code, and both read by protons'
 * generated code. Compare the meaning and not the bytes: Go leaves out zeros, others write
 * them.
 *
 * ```ts
 * import vectors from '@kitsune/bitswap-codec/vectors/kubo.json' with { type: 'json' }
 * ```
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
