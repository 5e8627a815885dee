import { noise } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'
import { batchSends } from './batched-sends.ts'
import { boundNegotiation } from './negotiation.ts'
import type { EndOfTick } from './batched-sends.ts'
import type { WarnMissing } from './warn.ts'
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface'
import type { ICryptoInterface, NoiseComponents } from '@libp2p/noise'

const LENGTH_PREFIX = 2
const TAG_LENGTH = 16

/** The internal fields of libp2p's noise connection that this module uses. */
interface NoiseConnection {
  decoder?: { lengthDecoder (data: Uint8ArrayList): number }
  handshake?: { decrypt (ciphertext: Uint8ArrayList): Uint8Array | Uint8ArrayList }
  decrypt (frame: Uint8Array | Uint8ArrayList): Uint8Array | Uint8ArrayList
}

/**
 * libp2p's noise with one send for all that is sent in a tick, and without two costs
 * that take a tenth of a proxy's CPU: libp2p creates an exception with a stack trace for every read that
 * ends with a frame, and it flattens every frame that arrived in more than one piece
 * into a buffer for the plaintext, which node:crypto does not use.
 *
 * The internal fields are not part of the connection's interface; if they are
 * missing, frames are read as libp2p reads them.
 *
 * @param crypto - noise's primitives
 * @param warnMissing - told of fields that are missing
 * @param atEndOfTick - default: one for the whole process
 */
export function leanNoise (crypto: ICryptoInterface, warnMissing: WarnMissing, atEndOfTick?: EndOfTick): (components: NoiseComponents) => ConnectionEncrypter {
  const create = noise({ crypto })

  return (components) => {
    const encrypter = create(components)
    const { secureInbound, secureOutbound } = encrypter

    encrypter.secureInbound = async (connection, options) => {
      const secured = lighten(await secureInbound.call(encrypter, connection, options), connection, warnMissing, atEndOfTick)
      // of the muxer
      boundNegotiation(secured.connection)

      return secured
    }
    encrypter.secureOutbound = async (connection, options) =>
      lighten(await secureOutbound.call(encrypter, connection, options), connection, warnMissing, atEndOfTick)

    return encrypter
  }
}

/** Replaces the costly parts of a connection, if it has them where they are known to be. */
export function lighten <T extends SecuredConnection> (secured: T, transport: MessageStream, warnMissing: WarnMissing, atEndOfTick?: EndOfTick): T {
  batchSends(secured.connection, transport, atEndOfTick)

  const connection = secured.connection as unknown as NoiseConnection
  const { decoder, handshake } = connection

  if (typeof decoder?.lengthDecoder !== 'function' || typeof handshake?.decrypt !== 'function' || typeof connection.decrypt !== 'function') {
    warnMissing('@libp2p/noise', 'decoder.lengthDecoder, handshake.decrypt or decrypt of a connection', 'frames are decrypted as libp2p does, which takes more CPU')

    return secured
  }

  decoder.lengthDecoder = frameLength

  // the decoder yields single frames, and no frame is longer than a noise message
  connection.decrypt = frame => {
    if (frame.byteLength < TAG_LENGTH) {
      throw new Error('Invalid noise frame: it is shorter than its tag')
    }
    return handshake.decrypt(frame instanceof Uint8Array ? new Uint8ArrayList(frame) : frame)
  }

  return secured
}

/** Tells the decoder that there are too few bytes to read a length. */
const TOO_SHORT = new RangeError('The length of a noise frame is incomplete')

function frameLength (data: Uint8ArrayList): number {
  if (data.byteLength < LENGTH_PREFIX) {
    throw TOO_SHORT
  }
  return data.get(0) << 8 | data.get(1)
}
