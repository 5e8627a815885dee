import { DigestFilter } from './digest-filter.ts'
import type { DenyRules } from './deny-rules.ts'

/** What a store of `storedDenylist` holds: all keys, and the filter of them. */
export interface DenylistEntries {
  /** The sha2-256 of each denied name, in hex. */
  readonly keys: readonly string[]
  /** The value of the key `filter`. */
  readonly filter: string
}

/**
 * The entries of a store, by the rules of lists and by keys that it has already. Of several rules for a block, the one
 * of the last list counts.
 *
 * @param lists - as `parseDenylist` reads them
 * @param keys - sha2-256 in hex; malformed ones are left out
 */
export function denylistEntries (lists: readonly DenyRules[], keys: Iterable<string> = []): DenylistEntries {
  const all = new Set(Array.from(keys, key => key.toLowerCase()).filter(key => /^[0-9a-f]{64}$/.test(key)))

  for (const rules of lists) {
    for (const { digest, denied } of rules.digests()) {
      denied ? all.add(toHex(digest)) : all.delete(toHex(digest))
    }
  }

  return { keys: [...all], filter: DigestFilter.of(Array.from(all, fromHex)).toString() }
}

function toHex (digest: Uint8Array): string {
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
}

function fromHex (hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}
