import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'

/** The codec of a CAR, in its own CID. */
const CAR_CODEC = 0x0202

/** Tells the names that the CAR of a multihash may have. The first one that exists is used. */
export type CarNames = (multihash: Uint8Array) => readonly string[]

/** `<CAR CID>/<CAR CID>.car`: how CARPARK and SATNAV name a CAR. */
export function carName (multihash: Uint8Array): string {
  const cid = CID.createV1(CAR_CODEC, decode(multihash)).toString()

  return `${cid}/${cid}.car`
}

/** `<multihash in base58btc>/<multihash in base58btc>.blob`: how CARPARK came to name its objects. */
export function blobName (multihash: Uint8Array): string {
  const name = base58btc.encode(multihash)

  return `${name}/${name}.blob`
}

/** Both names that a CAR in CARPARK may have. */
export const carparkNames: CarNames = multihash => [blobName(multihash), carName(multihash)]
