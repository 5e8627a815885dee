import { wantKey } from '@kitsune/bitswap-codec'
import { sha256 } from '@noble/hashes/sha2.js'
import { DigestTable } from './digest-table.ts'
import { hashedNames } from './hashed-names.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

const RAW = 0x55

/**
 * The rules of one list, as far as they concern blocks. Of two rules for one block the later one counts, and those that name
 * it in clear come before those that hash its name.
 */
export class DenyRules {
  /** Blocks that are named in clear, by multihash; false: allowed. */
  readonly #plain = new Map<WantKey, boolean>()
  /** Blocks whose names are hashed, by the sha2-256 of the name. */
  readonly #hashed = new DigestTable()

  /** How many rules there are. */
  get size (): number {
    return this.#plain.size + this.#hashed.size
  }

  /** Adds a rule for a block, in whatever form its CID is written. */
  addPlain (cid: CID, denied: boolean): void {
    this.#plain.set(wantKey(cid.bytes) ?? '', denied)
  }

  /** Adds a rule for a block of which a name has this sha2-256. */
  addHashed (digest: Uint8Array, denied: boolean): void {
    this.#hashed.set(digest, denied)
  }

  /**
   * Looks a want up, with every name that a list may have for it.
   *
   * @returns true: it is denied; false: it is allowed; undefined: there is no rule for it
   */
  find (key: WantKey, cid: CID): boolean | undefined {
    return this.#plain.get(key) ?? (this.#hashed.size === 0 ? undefined : this.#findHashed(key, cid.code))
  }

  /**
   * The sha2-256 of the names of blocks that are denied and allowed, as a store has them; a block that is named in clear is denied by one of its names, and
   * allowed by all of them. What is allowed comes last, and rules in clear after those that hash a name.
   */
  * digests (): Iterable<{ readonly digest: Uint8Array, readonly denied: boolean }> {
    yield * this.#hashed.rows()

    for (const denied of [true, false]) {
      for (const [key] of [...this.#plain].filter(([, rule]) => rule === denied)) {
        for (const name of hashedNames(key, RAW)) {
          yield { digest: sha256(name), denied }

          if (denied) {
            break
          }
        }
      }
    }
  }

  #findHashed (key: WantKey, codec: number): boolean | undefined {
    for (const name of hashedNames(key, codec)) {
      const rule = this.#hashed.get(sha256(name))

      if (rule != null) {
        return rule
      }
    }
  }
}
