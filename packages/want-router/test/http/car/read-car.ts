import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'

/** The content of a CAR. */
export interface ReadCar { readonly roots: string[], readonly cids: string[], readonly blocks: Uint8Array[] }

export function readCar (car: Uint8Array): ReadCar {
  let rest = car

  function take (): Uint8Array {
    let [length, shift, used] = [0, 0, 0]

    for (let byte = 0x80; (byte & 0x80) !== 0; shift += 7) {
      byte = rest[used++]
      length += (byte & 0x7f) * 2 ** shift
    }

    const section = rest.subarray(used, used + length)
    rest = rest.subarray(used + length)

    return section
  }

  const { roots } = dagCbor.decode<{ roots: CID[], version: 1 }>(take())
  const sections: Array<[CID, Uint8Array]> = []

  while (rest.byteLength > 0) {
    sections.push(CID.decodeFirst(take()))
  }

  return { roots: roots.map(String), cids: sections.map(([cid]) => `${cid}`), blocks: sections.map(([, bytes]) => bytes) }
}
