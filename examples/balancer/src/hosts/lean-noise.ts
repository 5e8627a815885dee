import { noise } from '@libp2p/noise'
import { Uint8ArrayList } from 'uint8arraylist'
import { batchSends } from './batched-sends.ts'
import { nodeNoiseCrypto } from './noise-crypto.ts'
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface'
import type { NoiseComponents } from '@libp2p/noise'

const LENGTH_PREFIX = 2
const TAG_LENGTH = 16

/** What a noise connection of libp2p's is made of, as far as it is read here. */
interface NoiseConnection {
  decoder?: { lengthDecoder (data: Uint8ArrayList): number }
  handshake?: { decrypt (ciphertext: Uint8ArrayList): Uint8Array | Uint8ArrayList }
  decrypt (frame: Uint8Array | Uint8ArrayList): Uint8Array | Uint8ArrayList
}

/**
 * libp2p's noise with {@link nodeNoiseCrypto} and {@link batchSends}, without two
 * things that cost a proxy a tenth of its CPU. It makes an exception with a stack trace for every
 * read that ends with a frame, and it flattens every frame that came in more
 * than one piece into a buffer for the plaintext that node:crypto does not use.
 *
 * The fields read here are not part of the connection's interface; where they
 * are missing, the connection stays as it is.
 */
export function leanNoise (): (components: NoiseComponents) => ConnectionEncrypter {
  const create = noise({ crypto: nodeNoiseCrypto() })

  return (components) => {
    const encrypter = create(components)
    const { secureInbound, secureOutbound } = encrypter

    encrypter.secureInbound = async (connection, options) =>
      lighten(await secureInbound.call(encrypter, connection, options), connection)
    encrypter.secureOutbound = async (connection, options) =>
      lighten(await secureOutbound.call(encrypter, connection, options), connection)

    return encrypter
  }
}

function lighten <T extends SecuredConnection> (secured: T, transport: MessageStream): T {
  batchSends(secured.connection, transport)

  const connection = secured.connection as unknown as NoiseConnection
  const { decoder, handshake } = connection

  if (typeof decoder?.lengthDecoder !== 'function' || typeof handshake?.decrypt !== 'function') {
    return secured
  }

  decoder.lengthDecoder = frameLength

  // the decoder yields single frames, of which none is longer than a noise message
  connection.decrypt = frame => {
    if (frame.byteLength < TAG_LENGTH) {
      throw new Error('Invalid noise frame: it is shorter than its tag')
    }
    return handshake.decrypt(frame instanceof Uint8Array ? new Uint8ArrayList(frame) : frame)
  }

  return secured
}

/** How the decoder is told that there is too little to read a length from. */
const TOO_SHORT = new RangeError('The length of a noise frame is incomplete')

function frameLength (data: Uint8ArrayList): number {
  if (data.byteLength < LENGTH_PREFIX) {
    throw TOO_SHORT
  }
  return data.get(0) << 8 | data.get(1)
}
