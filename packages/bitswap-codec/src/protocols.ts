import { UnknownProtocolError } from './errors.ts'

/**
 * The four ids that bitswap is spoken under
 */
export type BitswapProtocol = '/ipfs/bitswap/1.2.0' | '/ipfs/bitswap/1.1.0' | '/ipfs/bitswap/1.0.0' | '/ipfs/bitswap'

/**
 * Best first, as they should be registered and offered
 */
export const BITSWAP_PROTOCOLS: readonly BitswapProtocol[] = Object.freeze<BitswapProtocol[]>([
  '/ipfs/bitswap/1.2.0',
  '/ipfs/bitswap/1.1.0',
  '/ipfs/bitswap/1.0.0',
  '/ipfs/bitswap'
])

/**
 * What a version of the protocol can carry. Decoding does not ask: any field is
 * read under any version, as boxo does.
 */
export interface Capabilities {
  /**
   * Blocks travel with the prefix of their CID (field 3). Without, they travel
   * bare (field 2), and are CIDv0 to their receiver: dag-pb, sha2-256.
   */
  prefixes: boolean

  /**
   * HAVE, DONT_HAVE and `pendingBytes`
   */
  presences: boolean

  /**
   * want-have and `sendDontHave`. Without, a want-have must be sent as a
   * want-block.
   */
  wantHave: boolean
}

const V1_2: Capabilities = Object.freeze({ prefixes: true, presences: true, wantHave: true })
const V1_1: Capabilities = Object.freeze({ prefixes: true, presences: false, wantHave: false })
const V1_0: Capabilities = Object.freeze({ prefixes: false, presences: false, wantHave: false })

/**
 * What the protocol with this id can carry:
 *
 * | protocol | blocks | HAVE, DONT_HAVE, pendingBytes | want-have, sendDontHave |
 * |---|---|---|---|
 * | `/ipfs/bitswap/1.2.0` | any CID | yes | yes |
 * | `/ipfs/bitswap/1.1.0` | any CID | no | no |
 * | `/ipfs/bitswap/1.0.0` | CIDv0 only | no | no |
 * | `/ipfs/bitswap` | CIDv0 only | no | no |
 *
 * Throws `UnknownProtocolError` for any other id.
 */
export function capabilities (protocol: string): Capabilities {
  switch (protocol) {
    case '/ipfs/bitswap/1.2.0': return V1_2
    case '/ipfs/bitswap/1.1.0': return V1_1
    case '/ipfs/bitswap/1.0.0':
    case '/ipfs/bitswap': return V1_0
    default: throw new UnknownProtocolError(`"${protocol}" is not a bitswap protocol, those are ${BITSWAP_PROTOCOLS.join(', ')}`)
  }
}
