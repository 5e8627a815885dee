import { UnknownProtocolError } from './errors.ts'

/**
 * The four protocol ids of bitswap
 */
export type BitswapProtocol = '/ipfs/bitswap/1.2.0' | '/ipfs/bitswap/1.1.0' | '/ipfs/bitswap/1.0.0' | '/ipfs/bitswap'

/**
 * All protocol ids, best first: register and offer them in this order
 */
export const BITSWAP_PROTOCOLS: readonly BitswapProtocol[] = Object.freeze<BitswapProtocol[]>([
  '/ipfs/bitswap/1.2.0',
  '/ipfs/bitswap/1.1.0',
  '/ipfs/bitswap/1.0.0',
  '/ipfs/bitswap'
])

/**
 * What a version of the protocol can carry. The decoder ignores this: like boxo, it
 * reads any field under any version.
 */
export interface Capabilities {
  /**
   * Blocks are sent with the prefix of their CID (field 3). Otherwise they are sent
   * bare (field 2), and the receiver assumes CIDv0: dag-pb, sha2-256.
   */
  prefixes: boolean

  /**
   * HAVE, DONT_HAVE and `pendingBytes`
   */
  presences: boolean

  /**
   * want-have and `sendDontHave`. Otherwise a want-have must be sent as a want-block.
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
    default: throw new UnknownProtocolError(`"${protocol}" is not a bitswap protocol: expected one of ${BITSWAP_PROTOCOLS.join(', ')}`)
  }
}
