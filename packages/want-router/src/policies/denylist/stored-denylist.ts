import { sha256 } from '@noble/hashes/sha2.js'
import { checkNames, checkNumbers, checkWord } from '../../check-options.ts'
import { DEFAULT_DENYLIST_INTERVAL } from '../../defaults.ts'
import { DenylistUnavailableError, InvalidOptionError } from '../../errors.ts'
import { RecentMap } from '../../recent-map.ts'
import { REFUSALS, VERDICTS } from '../refusal.ts'
import { DigestFilter } from './digest-filter.ts'
import { hashedNames } from './hashed-names.ts'
import type { Ask, Policy } from '../policy.ts'
import type { Refusal } from '../refusal.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** A store of keys: Workers KV and clients of Redis fit. */
export interface DenylistStore {
  /** The value of a key; null or undefined if it has none. Rejects if it cannot tell. */
  get (key: string): Promise<string | null | undefined>
}

/** Options of {@link storedDenylist}. */
export interface StoredDenylistInit {
  /**
   * Has a key for each denied name, with any value: the sha2-256 of `<CIDv1 in base32>/`, in hex, as in a hashed rule of a denylist. And a
   * filter of all these keys, see {@link denylistEntries}.
   */
  readonly store: DenylistStore
  /** The key of the filter. Default `filter` */
  readonly filterKey?: string
  /** How a want for a denied block is refused. Default `absent`, so that clients ask others. */
  readonly verdict?: Refusal
  /** How old the filter, and an answer of the store, may be, ms. Default 60,000. */
  readonly interval?: number
  /**
   * What happens to a want while the store cannot answer. Default `unknown`: no block that it may deny is served. Until the filter has
   * been read once this concerns every want; later, only wants that the filter takes for denied.
   */
  readonly unavailable?: 'pass' | Refusal
  /** Called when the store fails, or has no filter. */
  onError? (error: Error): void
  /** Monotonic, ms. Default: the platform's. */
  now? (): number
}

/** How many answers of the store are remembered. */
const REMEMBERED = 10_000

const OPTIONS: Readonly<Record<keyof StoredDenylistInit, true>> = { store: true, filterKey: true, verdict: true, interval: true, unavailable: true, onError: true, now: true }

/**
 * A block is denied under all its CIDs, as by `denylist`; the store is only asked for names that the filter takes for denied.
 *
 * @throws {InvalidOptionError} there is no store, or an option does not exist or is invalid
 */
export function storedDenylist (init: StoredDenylistInit): Policy {
  checkNames('storedDenylist: ', init, Object.keys(OPTIONS))
  checkNumbers('storedDenylist: ', { interval: init.interval }, { interval: true })
  checkWord('storedDenylist: verdict', init.verdict, REFUSALS)
  checkWord('storedDenylist: unavailable', init.unavailable, VERDICTS)

  if (typeof init.store?.get !== 'function') {
    throw new InvalidOptionError('storedDenylist: store must have a function get, as Workers KV and clients of Redis have')
  }

  return new StoredDenylist(init)
}

class StoredDenylist implements Policy {
  readonly name = 'stored-denylist'
  readonly #init: StoredDenylistInit
  readonly #now: () => number
  readonly #interval: number
  readonly #answers = new RecentMap<WantKey, { readonly denied: boolean, readonly until: number }>(REMEMBERED)
  #filter: DigestFilter | undefined
  #readAt = -Infinity

  constructor (init: StoredDenylistInit) {
    this.#init = init
    this.#now = init.now ?? (() => performance.now())
    this.#interval = init.interval ?? DEFAULT_DENYLIST_INTERVAL
  }

  admit (ask: Ask): 'pass' | 'defer' | Refusal {
    const filter = this.#filter

    if (filter == null || this.#now() - this.#readAt >= this.#interval) {
      return 'defer'
    }

    const known = this.#answers.get(ask.key)

    if (known != null && known.until > this.#now()) {
      return this.#verdict(known.denied)
    }

    return this.#likely(filter, ask).length === 0 ? 'pass' : 'defer'
  }

  async resolve (asks: readonly Ask[], signal: AbortSignal): Promise<ReadonlyArray<'pass' | Refusal>> {
    await this.#refresh()
    signal.throwIfAborted()
    const filter = this.#filter
    const { unavailable = 'unknown' } = this.#init

    return Promise.all(asks.map(async ask => {
      if (filter == null) {
        return unavailable
      }

      try {
        return this.#verdict(await this.#denies(filter, ask))
      } catch (err) {
        this.#report(err)

        return unavailable
      }
    }))
  }

  /** Reads the filter if it is too old. If that fails, the filter that was read before stays in force. Never rejects. */
  async #refresh (): Promise<void> {
    const { store, filterKey = 'filter' } = this.#init

    if (this.#filter != null && this.#now() - this.#readAt < this.#interval) {
      return
    }

    try {
      const at = this.#now()
      const text = await store.get(filterKey)

      if (text == null) {
        throw new DenylistUnavailableError(`it has no key ${filterKey}`)
      }

      this.#filter = DigestFilter.parse(text)
      this.#readAt = at
    } catch (err) {
      // do not ask a store that is down about each want
      this.#readAt = this.#filter == null ? -Infinity : this.#now()
      this.#report(err)
    }
  }

  async #denies (filter: DigestFilter, ask: Ask): Promise<boolean> {
    const names = this.#likely(filter, ask)
    const found = await Promise.all(names.map(async digest => this.#init.store.get(toHex(digest))))
    const denied = found.some(value => value != null)

    if (names.length > 0) {
      this.#answers.set(ask.key, { denied, until: this.#now() + this.#interval })
    }

    return denied
  }

  /** The digests of the names of a block that the filter takes for denied. */
  #likely (filter: DigestFilter, { key, cid }: Ask): Uint8Array[] {
    return Array.from(hashedNames(key, cid.code), name => sha256(name)).filter(digest => filter.mayHave(digest))
  }

  #verdict (denied: boolean): 'pass' | Refusal {
    return denied ? this.#init.verdict ?? 'absent' : 'pass'
  }

  #report (cause: unknown): void {
    this.#init.onError?.(new DenylistUnavailableError(`denylist store: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }))
  }
}

function toHex (digest: Uint8Array): string {
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
}
