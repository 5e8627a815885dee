import { createHash } from 'node:crypto'
import { from } from 'multiformats/hashes/hasher'
import { sha256 } from 'multiformats/hashes/sha2'
import type { BlockHasher } from '@kitsune/want-router'

/** SHA-256 by node:crypto, which is synchronous: with WebCrypto each block would wait for a promise. */
export const HASHERS: readonly BlockHasher[] = [
  Object.assign(from(sha256), { latin1: (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('binary') })
]
