import { hashString } from '../engine/hash.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Two hashes of a key. One object serves all keys, one after another. */
export class KeyHash {
  readonly #seed: number
  #key: WantKey | undefined
  first = 0
  second = 0

  /** @param seed - strangers choose CIDs, and are not to choose which of them are taken for others */
  constructor (seed: number) {
    this.#seed = seed
  }

  of (key: WantKey): this {
    if (key !== this.#key) {
      this.#key = key
      this.first = hashString(key, this.#seed)
      this.second = hashString(key, ~this.#seed)
    }

    return this
  }
}
