import { createHash, hash } from 'node:crypto'
import { blake2b, blake2s } from '@noble/hashes/blake2.js'
import { blake3 } from '@noble/hashes/blake3.js'
import * as sha3 from '@noble/hashes/sha3.js'
import { from } from 'multiformats/hashes/hasher'
import { sha256 } from 'multiformats/hashes/sha2'
import type { BlockHasher } from '@kitsune/want-router'

/** The longest and the shortest digest that boxo accepts, bytes. blake3 makes any length in between. */
const MAX_DIGEST = 128
const MIN_DIGEST = 20

/** `all`: all hash functions that boxo accepts (its verifcid); `fast`: those that take less than 20 ms a MiB. */
export const HASHES = ['all', 'fast'] as const
/** The sets of hash functions that can be configured. */
export type Hashes = typeof HASHES[number]

/** Hash functions by node:crypto, except blake3: 2 to 15 ms a MiB. */
const FAST: readonly BlockHasher[] = [
  Object.assign(from(sha256), { latin1: (bytes: Uint8Array) => hash('sha256', bytes, 'binary') }),
  from({ name: 'dbl-sha2-256', code: 0x56, encode: bytes => native('sha256', native('sha256', bytes)) }),
  ...([
    ['sha1', 0x11],
    ['sha3-512', 0x14],
    ['sha3-384', 0x15],
    ['sha3-256', 0x16],
    ['sha3-224', 0x17]
  ] as const).map(([name, code]) => from({ name, code, encode: bytes => native(name, bytes) })),
  from({ name: 'shake-256', code: 0x19, encode: bytes => native('shake256', bytes, 64) }),
  // a shorter digest is the beginning of a longer one
  from({ name: 'blake3', code: 0x1e, encode: bytes => copy(blake3(bytes, { dkLen: MAX_DIGEST })) }),
  from({ name: 'blake2b-512', code: 0xb240, encode: bytes => native('blake2b512', bytes) }),
  from({ name: 'blake2s-256', code: 0xb260, encode: bytes => native('blake2s256', bytes) })
]

/** Hash functions in JavaScript: 40 to 100 ms a MiB, which block the event loop. */
const SLOW: readonly BlockHasher[] = [
  ...([
    ['keccak-224', 0x1a, sha3.keccak_224],
    ['keccak-256', 0x1b, sha3.keccak_256],
    ['keccak-384', 0x1c, sha3.keccak_384],
    ['keccak-512', 0x1d, sha3.keccak_512]
  ] as const).map(([name, code, keccak]) => from({ name, code, encode: bytes => copy(keccak(bytes)) })),
  // the length is part of the hash's parameters, so each length has its own code: the first is for one byte
  ...lengths(63).map(dkLen => from({ name: `blake2b-${8 * dkLen}`, code: 0xb200 + dkLen, encode: bytes => copy(blake2b(bytes, { dkLen })) })),
  ...lengths(31).map(dkLen => from({ name: `blake2s-${8 * dkLen}`, code: 0xb240 + dkLen, encode: bytes => copy(blake2s(bytes, { dkLen })) }))
]

/**
 * Returns the hash functions that the balancer adds to sha2-512 and identity, which
 * the router knows, and a faster sha2-256. The router does not ask for blocks with
 * any other hash function.
 */
export function selectHashers (hashes: Hashes): readonly BlockHasher[] {
  return hashes === 'all' ? [...FAST, ...SLOW] : FAST
}

function lengths (to: number): number[] {
  return Array.from({ length: to - MIN_DIGEST + 1 }, (_, i) => MIN_DIGEST + i)
}

function native (name: string, bytes: Uint8Array, outputLength?: number): Uint8Array<ArrayBuffer> {
  return copy(createHash(name, { outputLength }).update(bytes).digest())
}

function copy (bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes)
}
