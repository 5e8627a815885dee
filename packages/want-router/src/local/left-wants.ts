import { multihashKey } from '@kitsune/bitswap-codec'

/**
 * Wants that this session has ended before the engine reported their end, counted by CID: the next ends that
 * the engine reports for these CIDs are theirs.
 */
export class LeftWants {
  readonly #counts = new Map<string, number>()

  get isEmpty (): boolean {
    return this.#counts.size === 0
  }

  has (cid: Uint8Array): boolean {
    return !this.isEmpty && this.#counts.has(multihashKey(cid))
  }

  add (cid: Uint8Array): void {
    const key = multihashKey(cid)
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** The engine reports the end of a want; false: it is none of these. */
  delete (cid: Uint8Array): boolean {
    if (this.isEmpty) {
      return false
    }

    const key = multihashKey(cid)
    const count = this.#counts.get(key)

    if (count == null) {
      return false
    }

    if (count > 1) {
      this.#counts.set(key, count - 1)
    } else {
      this.#counts.delete(key)
    }

    return true
  }
}
