import { wantKey } from '@kitsune/bitswap-codec'
import { checkNames, checkNumbers, MAX_DELAY } from '../check-options.ts'
import { describe } from '../describe.ts'
import { InvalidOptionError } from '../errors.ts'
import { FALSE_POSITIVE_RATE } from './bloom-filter.ts'
import { KeyHash } from './key-hash.ts'
import { createRefreshes } from './refreshes.ts'
import type { BloomFilter } from './bloom-filter.ts'
import type { Refreshes, RefreshesInit } from './refreshes.ts'
import type { MemberError, RouterEvent } from '../events.ts'
import type { Haves, RememberedHave } from '../haves.ts'
import type { Outcome, Want } from '../strategies/strategy.ts'
import type { Timers } from '../timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/** How it is found out which blocks members hold, by the lists that they have of them. */
export interface HaveMapInit {
  /** Only what a member keeps for good, as the pins of kubo, which takes it longer to list. Default false: all its blocks. */
  readonly pinned?: boolean
  /** How long after a list has been read it is read again, ms. Default 600,000. */
  readonly interval?: number
  /**
   * Memory for one member, bytes, rounded down to a power of two: 16 MiB are enough for 14 million blocks. As long as it is
   * enough, less than one in a hundred blocks that the member does not have is taken for one that it holds; beyond that it is more. What is not
   * needed is not kept. Default 16 MiB.
   */
  readonly maxBytes?: number
}

/** What is known of the blocks of a member. */
export interface MappedBlocks {
  /** Blocks that it listed, or has sent since then; about. */
  readonly keys: number
  readonly bytes: number
  /** The share of blocks that it does not have but is taken to hold. */
  readonly falsePositiveRate: number
  /** When its list was read, ms since 1970. */
  readonly at: number
  /** How long that took, ms. */
  readonly ms: number
}

/** What is known of the list of a member. */
export interface ListStatus {
  readonly mapped?: MappedBlocks
  /** Why the list could not be read, until it can. What was read before stays. */
  readonly error?: MemberError
}

/**
 * Wants for a block by what their first answer was. The share of `right` says what the map is worth: how often a
 * member was asked first that held the block.
 */
export interface FirstAnswers {
  readonly right: number
  /** It was a DONT_HAVE. */
  readonly wrong: number
}

/** Which blocks members hold, by what they listed. It may be wrong either way, so it says which member to ask first, and causes no DONT_HAVE. */
export interface HaveMap extends Haves {
  /** Whether a block is not in a member's list. False if the member has no list. */
  isAbsent (member: string, key: WantKey): boolean
  attemptEnded (outcome: Outcome): void
  onEvent (event: RouterEvent): void
  /** What is known of the list of a member. */
  list (member: string): ListStatus
  /** Since the start. */
  readonly firstAnswers: FirstAnswers
  /** Reads no more lists. */
  stop (): void
}

interface HaveMapParts extends Pick<RefreshesInit, 'holdingsOf'> {
  /** The list of a member cannot be read; called again only after it could. */
  failed (member: string, error: Error): void
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** 32 bits that strangers do not know. */
  readonly seed: number
}

/** The defaults of a have-map's options. */
export const DEFAULT_HAVE_MAP: Readonly<Required<HaveMapInit>> = { pinned: false, interval: 600_000, maxBytes: 16 << 20 }

/** How many blocks are remembered for each member that are in its list although it does not have them. */
const MAX_LIES = 4096

/** What is known of one member. */
interface Entry {
  up: boolean
  filter?: BloomFilter
  /** When its list was read, by the router's clock, ms. */
  readAt: number
  /** The same, ms since 1970. */
  at: number
  /** How long reading it took. */
  ms: number
  error?: MemberError
  /** Blocks in its list for which it has answered DONT_HAVE since then. */
  readonly lies: Set<WantKey>
}

/** @throws {InvalidOptionError} for an option that does not exist or is invalid */
export function checkHaveMap (init: HaveMapInit): void {
  checkNames('haveMap.', init, Object.keys(DEFAULT_HAVE_MAP))
  const { pinned, ...numbers } = init
  checkNumbers('haveMap.', numbers, { interval: true, maxBytes: true }, { ranges: { interval: [1, MAX_DELAY], maxBytes: [4096, 2 ** 29] } })

  if (pinned !== undefined && typeof pinned !== 'boolean') {
    throw new InvalidOptionError(`haveMap.pinned must be true or false, not ${describe(pinned)}`)
  }
}

/** Makes a map without lists. It reads none before it is started. */
export function createHaveMap (init: HaveMapInit, parts: HaveMapParts): HaveMap {
  return new ListedHaves({ ...DEFAULT_HAVE_MAP, ...init }, parts)
}

class ListedHaves implements HaveMap {
  readonly #maxAge: number
  readonly #now: () => number
  readonly #hash: KeyHash
  readonly #entries = new Map<string, Entry>()
  readonly #refreshes: Refreshes
  readonly firstAnswers = { right: 0, wrong: 0 }

  constructor (init: Required<HaveMapInit>, { timers, seed, holdingsOf, failed }: HaveMapParts) {
    this.#maxAge = 2 * init.interval
    this.#now = timers.now
    this.#hash = new KeyHash(seed)
    this.#refreshes = createRefreshes({ ...init, timers, ...this.#refreshed(failed), holdingsOf, hash: this.#hash })
  }

  get (cid: CID): RememberedHave | undefined {
    const key = wantKey(cid.bytes)

    if (key != null) {
      for (const [member, entry] of this.#entries) {
        if (this.#isReliable(entry) && !isMissing(entry, key, this.#hash)) {
          return { member }
        }
      }
    }
  }

  isAbsent (member: string, key: WantKey): boolean {
    const entry = this.#entries.get(member)

    return entry?.filter != null && isMissing(entry, key, this.#hash)
  }

  attemptEnded (outcome: Outcome): void {
    const { member, want: { key }, result } = outcome
    this.#count(outcome)
    const entry = this.#entries.get(member)

    if (entry == null) {
      return
    }

    if (result === 'block' || result === 'have') {
      entry.lies.delete(key)
      this.#refreshes.seen(member, key)

      if (entry.filter != null && entry.filter.keys < entry.filter.capacity) {
        entry.filter.add(this.#hash.of(key))
      }
    } else if (result === 'dont-have' && entry.filter?.has(this.#hash.of(key)) === true) {
      if (entry.lies.size >= MAX_LIES) {
        entry.lies.clear()
      }

      entry.lies.add(key)
    }
  }

  onEvent (event: RouterEvent): void {
    if (event.type === 'member-removed') {
      this.#refreshes.end(event.member)
      this.#entries.delete(event.member)
    } else if (event.type === 'member') {
      const entry = this.#entryOf(event.member)
      entry.up = event.state === 'up'

      // it may have been away for long
      if (entry.up && event.before === 'down') {
        this.#refreshes.begin(event.member)
      }
    }
  }

  list (member: string): ListStatus {
    const { filter, at = 0, ms = 0, error } = this.#entries.get(member) ?? {}

    return {
      ...(filter == null ? {} : { mapped: { keys: filter.keys, bytes: filter.bytes, falsePositiveRate: filter.falsePositiveRate, at, ms } }),
      ...(error == null ? {} : { error })
    }
  }

  stop (): void {
    this.#refreshes.stop()
  }

  /** Whether it may be told to others that the member has what its list has. */
  #isReliable ({ up, filter, readAt }: Entry): boolean {
    return up && filter != null && filter.falsePositiveRate <= FALSE_POSITIVE_RATE && this.#now() - readAt < this.#maxAge
  }

  #refreshed (failed: HaveMapParts['failed']): Pick<RefreshesInit, 'read' | 'failed'> {
    return {
      read: (member, filter, ms) => {
        const entry = this.#entryOf(member)
        entry.filter = filter
        entry.readAt = this.#now()
        entry.at = Date.now()
        entry.ms = ms
        entry.error = undefined
        entry.lies.clear()
      },

      failed: (member, error, isNew) => {
        this.#entryOf(member).error = { message: error.message, at: Date.now() }

        // once, though it may fail each minute
        if (isNew) {
          failed(member, error)
        }
      }
    }
  }

  #count ({ member, want, result, hedge }: Outcome): void {
    if ((result === 'block' || result === 'dont-have') && !hedge && want.tries === 0 && this.#isFirst(member, want)) {
      this.firstAnswers[result === 'block' ? 'right' : 'wrong']++
    }
  }

  /** Whether no other member has answered. */
  #isFirst (member: string, want: Want): boolean {
    for (const other of this.#entries.keys()) {
      if (other !== member && want.said(other) != null) {
        return false
      }
    }

    return true
  }

  #entryOf (member: string): Entry {
    const entry = this.#entries.get(member) ?? { up: false, readAt: 0, at: 0, ms: 0, lies: new Set() }
    this.#entries.set(member, entry)

    return entry
  }
}

function isMissing ({ filter, lies }: Entry, key: WantKey, hash: KeyHash): boolean {
  return filter?.has(hash.of(key)) !== true || (lies.size > 0 && lies.has(key))
}
