import { privateKeyFromProtobuf } from '@libp2p/crypto/keys'
import { base64, base64pad } from 'multiformats/bases/base64'
import { ConfigError } from './errors.ts'
import type { PrivateKey } from '@libp2p/interface'

const FORMATS = 'a key is what `ipfs key export` writes (or its base64), or Hoverboard\'s PEER_ID_JSON, {"id":…,"privKey":…,"pubKey":…}'

/**
 * Reads a private key in one of the formats of other servers: the bytes that `ipfs key export` writes (libp2p's
 * protobuf), their base64, or a JSON object with that base64 as `privKey`, as Hoverboard's PEER_ID_JSON.
 *
 * @throws {ConfigError} it has another format, or the `id` beside the key is that of another key. The message does not quote the key.
 */
export function parsePrivateKey (secret: string | Uint8Array): PrivateKey {
  const text = typeof secret === 'string' ? secret.trim() : asText(secret)

  if (text?.startsWith('{') === true) {
    return parseJson(text)
  }

  return decodeKey(text == null ? secret as Uint8Array : decodeBase64(text))
}

function parseJson (text: string): PrivateKey {
  let parsed: { id?: unknown, privKey?: unknown }

  try {
    parsed = JSON.parse(text) as typeof parsed
  } catch {
    throw new ConfigError(`the identity begins like JSON, but is not JSON: ${FORMATS}`)
  }

  if (typeof parsed.privKey !== 'string') {
    throw new ConfigError(`the identity is JSON without privKey: ${FORMATS}`)
  }

  const key = decodeKey(decodeBase64(parsed.privKey))
  const id = key.publicKey.toCID().toV1().toString()

  if (typeof parsed.id === 'string' && parsed.id !== key.publicKey.toString() && parsed.id !== id) {
    throw new ConfigError(`the identity says that its peer id is ${parsed.id}, but its key is that of ${key.publicKey.toString()}`)
  }

  return key
}

/** The text of a file that is base64 or JSON; undefined for the bytes of a key, which begin with a control character. */
function asText (bytes: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(bytes).trim()

  return /^[\w+/={]/.test(text) ? text : undefined
}

function decodeBase64 (text: string): Uint8Array {
  try {
    return (text.endsWith('=') ? base64pad : base64).baseDecode(text.replace(/\s/g, ''))
  } catch {
    throw new ConfigError(`the identity is not base64: ${FORMATS}`)
  }
}

function decodeKey (bytes: Uint8Array): PrivateKey {
  try {
    return privateKeyFromProtobuf(bytes)
  } catch {
    throw new ConfigError(`the identity is not a private key of libp2p: ${FORMATS}`)
  }
}
