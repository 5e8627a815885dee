import { base16, base16upper } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36, base36upper } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64, base64url, base64urlpad } from 'multiformats/bases/base64'
import { CID } from 'multiformats/cid'

const decoder = base32.decoder.or(base58btc.decoder).or(base36.decoder).or(base16.decoder).or(base64url.decoder)
  .or(base32upper.decoder).or(base36upper.decoder).or(base16upper.decoder).or(base64.decoder).or(base64urlpad.decoder)

// 168 bytes, the longest CID of bitswap, as hexadecimal digits
const MAX_LENGTH = 337

/** A CID as a URL has it, in any base in use; undefined for what is none. */
export function parseCid (text: string): CID | undefined {
  if (text.length > MAX_LENGTH) {
    return
  }

  try {
    // a CIDv0 has no letter that names its base
    return text.startsWith('Qm') && text.length === 46 ? CID.parse(text) : CID.parse(text, decoder)
  } catch {
    // undefined
  }
}
