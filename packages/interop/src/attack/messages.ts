/** Messages that floods are made of. */
import { encodeFrame } from '@kitsune/bitswap-codec'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { wantEntry } from '../wire-peer.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'

const V1_2 = '/ipfs/bitswap/1.2.0'

let serial = 0

/** Distinct CIDs of blocks that do not exist. */
export function freshCid (): CID {
  const digest = Buffer.alloc(32)
  digest.writeDoubleBE(++serial)
  digest.writeUInt32BE(process.pid, 8)

  return CID.createV1(0x55, Digest.create(0x12, digest))
}

/** A message with its length before it. */
export function frame (message: Outgoing): Uint8Array {
  return Buffer.concat(encodeFrame(message, V1_2))
}

/** A message of wants that no client had before. */
export function freshWants (count: number, { full = false, type = 'have' }: { full?: boolean, type?: 'have' | 'block' } = {}): Uint8Array {
  return frame({ full, wants: Array.from({ length: count }, () => wantEntry(freshCid(), { type, sendDontHave: true })) })
}
