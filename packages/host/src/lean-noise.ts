import { noise } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'
import { batchSends } from './batched-sends.ts'
import { FloodError } from './errors.ts'
import { boundNegotiation } from './negotiation.ts'
import { createNoiseFrames } from './noise-frames.ts'
import type { EndOfTick } from './end-of-tick.ts'
import type { NoiseFrame, NoiseFrames } from './noise-frames.ts'
import type { WarnMissing } from './warn.ts'
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface'
import type { ICryptoInterface, NoiseComponents } from '@libp2p/noise'

const LENGTH_PREFIX = 2
const TAG_LENGTH = 16
/** Up to this size, in bytes, copying a noise message into one buffer costs less than writing three buffers. */
const JOINED = 16 << 10
/** Messages without content that a peer may send: no muxer writes any, and each costs as much as a short one. */
const MAX_EMPTY = 1_000

/** The internal fields of libp2p's noise connection that this module uses. */
interface NoiseConnection {
  decoder?: NoiseFrames & { readonly buffer?: Uint8ArrayList }
  handshake?: { encrypt (plaintext: NoiseFrame): NoiseFrame, decrypt (ciphertext: NoiseFrame): NoiseFrame }
  decrypt? (frame: NoiseFrame): NoiseFrame
  encrypt? (data: NoiseFrame): NoiseFrame
}

/**
 * libp2p's noise with one send for all data of a tick, and without work that takes a tenth of a
 * proxy's CPU: libp2p creates an exception with a stack trace for every read that ends with a
 * frame, flattens every frame that arrived in more than one piece into a buffer for the
 * plaintext, which node:crypto does not use, and passes a message to the socket in three
 * pieces.
 *
 * The internal fields are not part of the connection's interface; if they are
 * missing, frames are read and written as libp2p does.
 *
 * @param crypto - noise's primitives
 * @param warnMissing - told of fields that are missing
 * @param endOfTick - default: one for the whole process
 */
export function leanNoise (crypto: ICryptoInterface, warnMissing: WarnMissing, endOfTick?: EndOfTick): (components: NoiseComponents) => ConnectionEncrypter {
  const create = noise({ crypto })

  return (components) => {
    const encrypter = create(components)
    const { secureInbound, secureOutbound } = encrypter

    encrypter.secureInbound = async (connection, options) => {
      const secured = lighten(await secureInbound.call(encrypter, connection, options), connection, warnMissing, endOfTick)
      // this bounds the negotiation of the muxer
      boundNegotiation(secured.connection)

      return secured
    }

    encrypter.secureOutbound = async (connection, options) =>
      lighten(await secureOutbound.call(encrypter, connection, options), connection, warnMissing, endOfTick)

    return encrypter
  }
}

/** Replaces the costly parts of a connection, if this module finds its fields. */
export function lighten <T extends SecuredConnection> (secured: T, transport: MessageStream, warnMissing: WarnMissing, endOfTick?: EndOfTick): T {
  batchSends(secured.connection, transport, endOfTick)

  const connection = secured.connection as unknown as NoiseConnection
  const { decoder, handshake, encrypt } = connection

  if (!(decoder?.buffer instanceof Uint8ArrayList) || typeof handshake?.encrypt !== 'function' || typeof handshake.decrypt !== 'function' || typeof encrypt !== 'function' || typeof connection.decrypt !== 'function') {
    warnMissing('@libp2p/noise', 'decoder.buffer, handshake.encrypt, handshake.decrypt, encrypt or decrypt of a connection', 'messages are encrypted and decrypted as libp2p does, which takes more CPU')

    return secured
  }

  connection.decoder = createNoiseFrames(decoder.buffer)
  let empty = 0

  connection.decrypt = frame => {
    if (frame.byteLength < TAG_LENGTH) {
      throw new Error('Invalid noise frame: it is shorter than its tag')
    }

    if (frame.byteLength === TAG_LENGTH && ++empty > MAX_EMPTY) {
      throw new FloodError('The peer sent too many noise messages without content')
    }

    return handshake.decrypt(frame)
  }

  connection.encrypt = data => data.byteLength <= JOINED ? join(handshake.encrypt(data)) : encrypt.call(connection, data)

  return secured
}

/** Puts the length of a frame before it, in one buffer. */
function join (frame: NoiseFrame): Uint8Array {
  const { byteLength } = frame
  const joined = new Uint8Array(LENGTH_PREFIX + byteLength)
  joined[0] = byteLength >>> 8
  joined[1] = byteLength
  let position = LENGTH_PREFIX

  for (const piece of frame instanceof Uint8Array ? [frame] : frame) {
    joined.set(piece, position)
    position += piece.length
  }

  return joined
}
