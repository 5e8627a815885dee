/**
 * @packageDocumentation
 *
 * Reads and writes the messages of bitswap 1.0.0, 1.1.0, 1.2.0 and the unversioned
 * protocol, and nothing else: no streams, no state, no hashing. It is for authors of
 * bitswap nodes, proxies and tools that must handle every byte that a peer can send.
 *
 * - Fast: decoding copies nothing, encoding copies no block over 4 KiB.
 * - Bounded: a frame that declares too great a length is refused, and memory is allocated only as bytes arrive.
 * - Lenient: the decoder skips a bad entry and decodes the rest of its message.
 * - Strict: a malformed message throws one typed error. Unknown hash functions are opaque.
 * - Portable: Node.js, browsers and Workers.
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
 * // the peer that has the block sends these chunks on a stream
 * const block = { prefix: cidPrefix(cid), data: new TextEncoder().encode('hello world') }
 * const chunks = encodeFrame({ blocks: [block] }, '/ipfs/bitswap/1.2.0')
 *
 * // and the peer that wants the block decodes them
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
 * All versions carry wants, cancels, priorities and full wantlists. If the version of an
 * encoded message cannot carry all of it, the encoder turns want-haves into want-blocks and
 * leaves out presences, `pendingBytes`, `sendDontHave` and blocks with another kind of CID.
 * `fits(block, protocol)` checks a block beforehand, and `capabilities(protocol)` returns a
 * row of this table. The decoder ignores the version: like boxo, it reads any field under any
 * version.
 *
 * ## Limits
 *
 * | | default | |
 * |---|---|---|
 * | `frameDecoder({ maxFrameLength })` | 4,194,304 bytes | the largest body of a received frame; a larger one throws `FrameTooLargeError` before it is buffered |
 * | `MAX_FRAME_LENGTH` | 4,194,304 bytes | the largest encoded body, above which boxo resets a stream: a raw block has at most 4,194,286 bytes |
 * | `MAX_CID_LENGTH` | 168 bytes | as in boxo: a longer CID is a bad entry |
 * | `MAX_COPIED_BLOCK` | 4,096 bytes | the encoder refers to larger blocks instead of copying them |
 * | `MAX_WANTS` | 131,072 | wants that are read from one frame: all that fit, unless their CIDs are identity CIDs |
 * | `MAX_ANSWERS` | 16,384 | blocks, and presences, that are read from one frame |
 *
 * The codec does not limit the wants of a peer.
 *
 * ## When to copy
 *
 * CIDs, prefixes and blocks of a decoded message are views of the frame, and a frame that
 * arrived in a single chunk is a view of that chunk. You need not copy them to pass them on
 * at once. Copy the ones that you keep, since each keeps the whole chunk in memory. Want
 * keys and the results of `decodeCid` and `cidPrefix` keep nothing else in memory.
 *
 * ## Streams
 *
 * `encodeFrame` writes the length as well, so its chunks go to a stream as they are. `frameDecoder` cuts a stream into the bodies of
 * frames; so does `decode` of `it-length-prefixed`, given the same limit. With `it-pipe`:
 *
 * ```ts
 * import { decodeMessage, encodeFrame, frameDecoder, MAX_FRAME_LENGTH } from '@kitsune/bitswap-codec'
 * import * as lp from 'it-length-prefixed'
 * import { pipe } from 'it-pipe'
 * import type { DecodedMessage, Outgoing } from '@kitsune/bitswap-codec'
 * import type { Uint8ArrayList } from 'uint8arraylist'
 *
 * const write = async function * (messages: Iterable<Outgoing>) {
 *   for (const message of messages) yield * encodeFrame(message, '/ipfs/bitswap/1.2.0')
 * }
 * const cut = async function * (chunks: AsyncIterable<Uint8Array>) {
 *   const decoder = frameDecoder()
 *   for await (const chunk of chunks) yield * decoder.push(chunk)
 *   if (decoder.pending > 0) throw new Error('the stream was cut off')
 * }
 * const read = async function * (frames: AsyncIterable<Uint8Array | Uint8ArrayList>) {
 *   for await (const frame of frames) yield decodeMessage(frame.subarray())
 * }
 * const print = async (messages: AsyncIterable<DecodedMessage>) => {
 *   for await (const { pendingBytes } of messages) console.log(pendingBytes)
 * }
 *
 * const messages = [{ pendingBytes: 1 }, { pendingBytes: 2 }]
 * await pipe(messages, write, cut, read, print)
 * await pipe(messages, write, chunks => lp.decode(chunks, { maxDataLength: MAX_FRAME_LENGTH }), read, print)
 * ```
 *
 * ## Want keys
 *
 * A `WantKey` is the multihash as a string of one character for each byte, so CIDv0 and
 * CIDv1 of one block have the same key. Keys and CIDs are only made on request:
 * `wantKey(cid)` costs about as much as decoding the entry that contains the CID, and
 * `decodeCid(cid)` costs ten to twenty times that.
 *
 * ## Test vectors
 *
 * `@kitsune/bitswap-codec/vectors/kubo.json`, `helia.json` and `hand.json` contain bodies of
 * frames in hex together with their meaning. You can test any implementation with them. The
 * kubo vectors were recorded from a node and the Helia vectors were made by Helia's code; the
 * code that protons generates reads both. Compare the meaning and not the bytes: Go
 * omits zeros, other implementations write them.
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
export { MAX_ANSWERS, MAX_CID_LENGTH, MAX_COPIED_BLOCK, MAX_FRAME_LENGTH, MAX_WANTS } from './limits.ts'
export type { BitswapMessage, DecodedMessage, DecodeOptions, MessageBlock, Outgoing, Presence, WantEntry } from './message.ts'
export { BITSWAP_PROTOCOLS, capabilities } from './protocols.ts'
export type { BitswapProtocol, Capabilities } from './protocols.ts'
export { keyMultihash, multihashKey, wantKey } from './want-key.ts'
export type { WantKey } from './want-key.ts'
