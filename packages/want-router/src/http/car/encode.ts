import * as dagCbor from '@ipld/dag-cbor'
import type { DagBlock } from '../dag/block.ts'
import type { CID } from 'multiformats/cid'

/** Blocks up to this size are copied, so that a chunk is worth a write, bytes. */
const MAX_COPIED = 16 << 10

/** The header of a CAR, version 1. */
export function encodeCarHeader (roots: readonly CID[]): Uint8Array {
  const header = dagCbor.encode({ roots, version: 1 })

  return join(prefix(header.byteLength), header)
}

/** A block as it is in a CAR: one or two chunks. */
export function encodeCarBlock ({ cid, bytes }: DagBlock): Uint8Array[] {
  const head = join(prefix(cid.bytes.byteLength + bytes.byteLength), cid.bytes)

  return bytes.byteLength <= MAX_COPIED ? [join(head, bytes)] : [head, bytes]
}

/** A length as a varint of 7 bits a byte. */
function prefix (length: number): Uint8Array {
  const bytes: number[] = []

  while (length > 0x7f) {
    bytes.push(length & 0x7f | 0x80)
    length >>>= 7
  }

  return Uint8Array.of(...bytes, length)
}

function join (first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.byteLength + second.byteLength)
  both.set(first)
  both.set(second, first.byteLength)

  return both
}
