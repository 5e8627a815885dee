import { keyMultihash } from '@kitsune/bitswap-codec'
import { base58btc } from 'multiformats/bases/base58'
import type { WantKey } from '@kitsune/bitswap-codec'

/** The codecs with which a list may name a block that is wanted with another one: raw, dag-pb, dag-cbor, libp2p-key, dag-json. */
const CODECS = [0x55, 0x70, 0x71, 0x72, 0x0129]
const ALPHABET = new TextEncoder().encode('abcdefghijklmnopqrstuvwxyz234567')
/** The letter of base32, before the digits of a CID. */
const BASE32 = 'b'.charCodeAt(0)
const SLASH = '/'.charCodeAt(0)

/**
 * The names of a block whose hash may be in a list, as bytes: its CIDv1s in base32, each with a slash at the end, as badbits
 * writes them, with the codec of the want and the usual ones; and its multihash in base58btc.
 */
export function * hashedNames (key: WantKey, codec: number): Iterable<Uint8Array> {
  const multihash = keyMultihash(key)

  for (const each of new Set([codec, ...CODECS])) {
    yield cidName(each, multihash)
  }

  // without the letter of the base, as in a CIDv0
  yield new TextEncoder().encode(base58btc.encode(multihash).slice(1))
}

function cidName (codec: number, multihash: Uint8Array): Uint8Array {
  const cid = Uint8Array.from([1, ...varint(codec), ...multihash])
  const digits = Math.ceil(cid.length * 8 / 5)
  const name = new Uint8Array(digits + 2)
  let bits = 0
  let value = 0
  let at = 0
  name[at++] = BASE32

  for (const byte of cid) {
    value = (value << 8 | byte) & 0xffff
    bits += 8

    while (bits >= 5) {
      bits -= 5
      name[at++] = ALPHABET[value >>> bits & 31]
    }
  }

  if (bits > 0) {
    name[at++] = ALPHABET[value << 5 - bits & 31]
  }

  name[at] = SLASH

  return name
}

function varint (value: number): number[] {
  const bytes = []

  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      return [...bytes, rest]
    }

    bytes.push(rest % 128 | 128)
  }
}
