import { checkWord } from '../../check-options.ts'
import { DenylistUnavailableError } from '../../errors.ts'
import { checkLists, ReloadedLists } from '../lists/reloaded-lists.ts'
import { REFUSALS, VERDICTS } from '../refusal.ts'
import { parseDenylist } from './parse-denylist.ts'
import type { ParsedDenylist } from './parse-denylist.ts'
import type { ListsInit, ListSource } from '../lists/reloaded-lists.ts'
import type { Ask, Policy } from '../policy.ts'
import type { Refusal } from '../refusal.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Options of {@link denylist}. */
export interface DenylistInit extends ListsInit {
  /** The lists. Where several have a rule for a block, the last of them counts. */
  readonly lists: readonly ListSource[]
  /** How a want for a denied block is refused. Default `absent`, so that clients ask others. */
  readonly verdict?: Refusal
  /**
   * What happens to all wants until each list has been read once. Default `unknown`: no block that the list may deny is served.
   * `pass`: blocks that it denies are served until it can be read.
   */
  readonly unavailable?: 'pass' | Refusal
  /** Called when a list cannot be read or has malformed lines. The rules that were read before stay in force. */
  onError? (error: Error): void
}

/** A list and its status. */
export interface DenylistStatus {
  readonly name: string
  /** Whether it has ever been read. */
  readonly loaded: boolean
  /** Rules for blocks. */
  readonly rules: number
  /** Rules that no block can break: for names, and for paths below a CID. */
  readonly others: number
  /** Lines that are not rules. */
  readonly malformed: number
}

/** A policy that refuses wants for blocks on a list. */
export interface Denylist extends Policy {
  readonly lists: readonly DenylistStatus[]
  /** Whether each list has ever been read. */
  readonly loaded: boolean
  /** Reads the lists now and then at intervals. Resolves when each has been tried; call it before the router starts. */
  start (): Promise<void>
  /** Reads the lists now. Never rejects: see `onError`. */
  refresh (): Promise<void>
  /** Stops reading. */
  stop (): void
}

const OPTIONS: Readonly<Record<keyof DenylistInit, true>> = { lists: true, interval: true, timers: true, verdict: true, unavailable: true, onError: true }

/** How many decisions are remembered: a client asks for a HAVE and then for the block. */
const REMEMBERED = 10_000

/**
 * A policy by lists in the compact denylist format. It denies a block under all its CIDs: v0 and v1, in any base, with any
 * codec. Rules that hash a name are tried with the codec of the want, raw, dag-pb, dag-cbor, libp2p-key and dag-json.
 *
 * Only blocks are denied: the blocks below a denied directory are not, unless they are listed, too.
 *
 * @throws {InvalidOptionError} there is no list, or two of one name, or an option does not exist or is invalid
 */
export function denylist (init: DenylistInit): Denylist {
  checkLists('denylist: ', init, Object.keys(OPTIONS))
  checkWord('denylist: verdict', init.verdict, REFUSALS)
  checkWord('denylist: unavailable', init.unavailable, VERDICTS)

  return new Lists(init)
}

class Lists implements Denylist {
  readonly name = 'denylist'
  readonly #init: DenylistInit
  readonly #lists: ReloadedLists<ParsedDenylist>
  readonly #decided = new Map<WantKey, boolean>()

  constructor (init: DenylistInit) {
    this.#init = init
    this.#lists = new ReloadedLists({
      ...init,
      parse: parseDenylist,
      check: ({ malformed, firstMalformed }) => malformed === 0 ? undefined : `${malformed} lines are not rules and deny nothing; line ${firstMalformed} is the first`,
      report: (name, why, cause) => { this.#init.onError?.(new DenylistUnavailableError(`denylist ${name}: ${why}`, { cause })) },
      changed: () => { this.#decided.clear() }
    })
  }

  get lists (): readonly DenylistStatus[] {
    return this.#lists.all.map(({ source: { name }, parsed }) => ({
      name,
      loaded: parsed != null,
      rules: parsed?.rules.size ?? 0,
      others: parsed?.others ?? 0,
      malformed: parsed?.malformed ?? 0
    }))
  }

  get loaded (): boolean {
    return this.#lists.loaded
  }

  admit (ask: Ask): 'pass' | Refusal {
    const denied = this.#denies(ask)

    if (denied) {
      return this.#init.verdict ?? 'absent'
    }

    return this.loaded ? 'pass' : this.#init.unavailable ?? 'unknown'
  }

  async start (): Promise<void> {
    await this.#lists.start()
  }

  async refresh (): Promise<void> {
    await this.#lists.refresh()
  }

  stop (): void {
    this.#lists.stop()
  }

  #denies (ask: Ask): boolean {
    const known = this.#decided.get(ask.key)

    if (known != null) {
      return known
    }

    const denied = this.#find(ask)

    if (this.#decided.size >= REMEMBERED) {
      this.#decided.clear()
    }

    this.#decided.set(ask.key, denied)

    return denied
  }

  #find ({ key, cid }: Ask): boolean {
    const { all } = this.#lists

    for (let i = all.length - 1; i >= 0; i--) {
      const rule = all[i].parsed?.rules.find(key, cid)

      if (rule != null) {
        return rule
      }
    }

    return false
  }
}
