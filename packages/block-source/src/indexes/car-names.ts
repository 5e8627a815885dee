import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'

/** The codec in the CID of a CAR. */
const CAR_CODEC = 0x0202

/** Returns the possible names of a CAR, given its multihash. The first one that exists is used. */
export type CarNames = (multihash: Uint8Array) => readonly string[]

/** `<CAR CID>/<CAR CID>.car`: the name of a CAR in CARPARK and SATNAV. */
export function carName (multihash: Uint8Array): string {
  const cid = CID.createV1(CAR_CODEC, decode(multihash)).toString()

  return `${cid}/${cid}.car`
}

/** `<multihash in base58btc>/<multihash in base58btc>.blob`: the newer names of CARPARK's objects. */
export function blobName (multihash: Uint8Array): string {
  const name = base58btc.encode(multihash)

  return `${name}/${name}.blob`
}

/** Both possible names of a CAR in CARPARK. */
export const carparkNames: CarNames = multihash => [blobName(multihash), carName(multihash)]
