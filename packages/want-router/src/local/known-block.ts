import { identityData, multihashKey, wantKey } from '@kitsune/bitswap-codec'

/** The key of the empty block under sha2-256. */
const EMPTY = multihashKey(Uint8Array.from('1220e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'.match(/../g) ?? [], byte => parseInt(byte, 16)))

/**
 * A block that no member has to be asked for: one that its CID contains, or the empty block, for which kubo
 * answers DONT_HAVE. Undefined for any other.
 *
 * @param cid - raw bytes
 */
export function knownBlock (cid: Uint8Array): Uint8Array | undefined {
  return identityData(cid) ?? (wantKey(cid) === EMPTY ? new Uint8Array() : undefined)
}
