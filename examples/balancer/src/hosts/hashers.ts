import { createHash, hash } from 'node:crypto'
import * as blake2b from '@multiformats/blake2/blake2b'
import * as blake2s from '@multiformats/blake2/blake2s'
import { blake3 } from '@noble/hashes/blake3.js'
import { from } from 'multiformats/hashes/hasher'
import { sha256 } from 'multiformats/hashes/sha2'
import type { BlockHasher } from '@kitsune/want-router'
import type { MultihashHasher } from 'multiformats'

/** Shorter digests are refused by kubo, too. */
const MIN_DIGEST_BITS = 160

/**
 * Hash functions that the balancer can verify besides sha2-512 and identity,
 * which the router knows by itself: those that kubo takes, except keccak and
 * shake; sha2-256 faster than by itself. A block whose hash is unknown is not passed on.
 */
export const HASHERS: readonly BlockHasher[] = [
  Object.assign(from(sha256), { latin1: (bytes: Uint8Array) => hash('sha256', bytes, 'binary') }),
  ...Object.values<MultihashHasher>(blake2b).filter(longEnough),
  ...Object.values<MultihashHasher>(blake2s).filter(longEnough),
  from({ name: 'blake3', code: 0x1e, encode: bytes => Uint8Array.from(blake3(bytes)) }),
  from({ name: 'dbl-sha2-256', code: 0x56, encode: bytes => native('sha256', native('sha256', bytes)) }),
  ...([
    ['sha1', 0x11],
    ['sha3-512', 0x14],
    ['sha3-384', 0x15],
    ['sha3-256', 0x16],
    ['sha3-224', 0x17]
  ] as const).map(([name, code]) => from({ name, code, encode: bytes => native(name, bytes) }))
]

function longEnough ({ name }: MultihashHasher): boolean {
  return Number(name.split('-')[1]) >= MIN_DIGEST_BITS
}

function native (name: string, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash(name).update(bytes).digest())
}
