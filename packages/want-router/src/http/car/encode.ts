import * as dagCbor from '@ipld/dag-cbor'
import type { DagBlock } from '../dag/block.ts'
import type { CID } from 'multiformats/cid'

/** Blocks up to this size are copied, so that each needs only one chunk, bytes. */
const MAX_COPIED = 16 << 10

/** Encodes the header of a CAR, version 1. */
export function encodeCarHeader (roots: readonly CID[]): Uint8Array {
  const header = dagCbor.encode({ roots, version: 1 })

  return join(prefix(header.byteLength), header)
}

/** Encodes a block of a CAR, in one or two chunks. */
export function encodeCarBlock ({ cid, bytes }: DagBlock): Uint8Array[] {
  const head = join(prefix(cid.bytes.byteLength + bytes.byteLength), cid.bytes)

  return bytes.byteLength <= MAX_COPIED ? [join(head, bytes)] : [head, bytes]
}

/** Encodes a length as a varint. */
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
